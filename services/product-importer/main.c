#include "apply/importer.h"
#include "domain/entity.h"
#include "message/topics.h"

int main(void)
{
    return importer_main(&(struct importer){
        .program = GROUP_PRODUCT_IMPORTER,
        .topic = TOPIC_IMPORT_PRODUCTS,
        .entity = &entity_products,
    });
}
