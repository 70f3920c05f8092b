#pragma once

struct call;

/* The entities that products refer to: X(name, singular) */
#define CATALOG(X)                                                                                 \
    X(brands, brand)                                                                               \
    X(categories, category)                                                                        \
    X(collections, collection)                                                                     \
    X(product_types, product_type)                                                                 \
    X(synonym_dictionaries, synonym_dictionary)

/* One function per route of routes.c; what each answers stands in docs/API.md. */

void submit_customers(struct call *call);
void submit_products(struct call *call);
void submit_products_file(struct call *call);
void files_analyze(struct call *call);
void template_products(struct call *call);
void template_customers(struct call *call);
void error_file_pim(struct call *call);
void error_file_customers(struct call *call);
void submit_customers_file(struct call *call);
void submit_products_and_wait(struct call *call);

void jobs_show_customers(struct call *call);
void jobs_show_pim(struct call *call);
void jobs_list(struct call *call);
void jobs_show_queue(struct call *call);

void errors_list_customers(struct call *call);
void errors_list_pim(struct call *call);

void batches_show(struct call *call);

void sources_create(struct call *call);
void sources_list_all(struct call *call);
void sources_show(struct call *call);
void sources_put(struct call *call);
void sources_remove(struct call *call);

void products_show(struct call *call);
void products_list_versions(struct call *call);
void products_show_version(struct call *call);
void products_search(struct call *call);
void products_lock(struct call *call);
void customers_show(struct call *call);
void customers_list_versions(struct call *call);

#define DECLARE_CATALOG(name, singular)                                                            \
    void submit_##name(struct call *call);                                                         \
    void name##_show(struct call *call);                                                           \
    void name##_list_versions(struct call *call);
CATALOG(DECLARE_CATALOG)
void files_show(struct call *call);
