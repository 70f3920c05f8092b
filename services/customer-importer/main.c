#include "apply/importer.h"
#include "domain/entity.h"
#include "message/topics.h"

int main(void)
{
    return importer_main(&(struct importer){
        .program = GROUP_CUSTOMER_IMPORTER,
        .topic = TOPIC_IMPORT_CUSTOMERS,
        .entities = (const struct entity *const[]){&entity_customers, NULL},
    });
}
