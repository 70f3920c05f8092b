#pragma once

/* Plain topic names; the bus puts CONSIGN_TOPIC_PREFIX before them. Keys and settings:
 * docs/DATA.md. */
#define TOPIC_IMPORT_PRODUCTS "import.products"
#define TOPIC_IMPORT_CUSTOMERS "import.customers"
#define TOPIC_IMPORT_ORGANIZATIONS "import.organizations"
#define TOPIC_IMPORT_ENTITIES "import.entities"
#define TOPIC_IMPORT_FILES "import.files"
#define TOPIC_PROGRESS "import.progress"
#define TOPIC_SEARCH "search.batches"
#define TOPIC_COMPLETED_PRODUCTS "import-completed.products"
#define TOPIC_COMPLETED_CUSTOMERS "import-completed.customers"
#define TOPIC_COMPLETED_ORGANIZATIONS "import-completed.organizations"
#define TOPIC_COMPLETED_ENTITIES "import-completed.entities"
#define TOPIC_COMPLETED_BATCHES "import-completed.batches"
#define TOPIC_DLQ_SUFFIX ".dlq"

#define DLQ_KIND_CRASHED "crashed" /* the dlq-kind of a message that ended its consumer */

/* Consumer groups; also the names of the programs. */
#define GROUP_PRODUCT_IMPORTER "consign-product-importer"
#define GROUP_CUSTOMER_IMPORTER "consign-customer-importer"
#define GROUP_ENTITY_IMPORTER "consign-entity-importer"
#define GROUP_FILE_READER "consign-file-reader"
#define GROUP_SEARCH_SYNC "consign-search-sync"
#define GROUP_JOB_TRACKER "consign-job-tracker"
