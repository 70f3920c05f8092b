#pragma once

struct call;

/* One function per route of routes.c; what each answers stands in docs/API.md. */

void submit_customers(struct call *call);
void submit_products(struct call *call);
void submit_products_and_wait(struct call *call);

void jobs_show_customers(struct call *call);
void jobs_show_products(struct call *call);
void jobs_list(struct call *call);
void jobs_show_queue(struct call *call);

void errors_list_customers(struct call *call);
void errors_list_products(struct call *call);

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

void files_show(struct call *call);
