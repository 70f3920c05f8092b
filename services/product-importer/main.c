#include "apply/importer.h"
#include "domain/entity.h"
#include "message/topics.h"

int main(void)
{
    return importer_main(&(struct importer){
        .program = GROUP_PRODUCT_IMPORTER,
        .topic = TOPIC_IMPORT_PRODUCTS,
        .entities = (const struct entity *const[]){&entity_products, NULL},
    });
}
