#include "apply/importer.h"
#include "domain/entity.h"
#include "message/topics.h"

int main(void)
{
    return importer_main(&(struct importer){
        .program = GROUP_ENTITY_IMPORTER,
        .topic = TOPIC_IMPORT_ENTITIES,
        .entities =
            (const struct entity *const[]){
                &entity_brands,
                &entity_categories,
                &entity_collections,
                &entity_product_types,
                &entity_synonym_dictionaries,
                NULL,
            },
        .forwards_products = true,
    });
}
