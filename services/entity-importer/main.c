#include "apply/importer.h"
#include "domain/entity.h"
#include "message/topics.h"

int main(void)
{
    return importer_main(&(struct importer){
        .program = GROUP_ENTITY_IMPORTER,
        .topic = TOPIC_IMPORT_ENTITIES,
        .entity = &entity_brands,
    });
}
