#include "apply/importer.h"

#include "apply/apply.h"
#include "base/err.h"
#include "bus/bus.h"
#include "config/config.h"
#include "log/log.h"
#include "runtime/runtime.h"
#include "store/store.h"

#include <stdlib.h>

/* Everything the program holds, in the order it is opened. */
struct program {
    struct config config;
    struct runtime *runtime;
    struct store *store;
    struct bus_producer *producer;
    struct apply *apply;
};

static bool program_open(struct program *program, const struct importer *importer, struct err *err)
{
    const struct config *config = &program->config;

    if (!config_load(&program->config, err) ||
        !runtime_open(config, importer->program, &program->runtime, err) ||
        !store_open(config, &program->store, err) ||
        !bus_producer_open(config, &program->producer, err)) {
        return false;
    }
    program->apply = apply_open(&(struct apply_options){
        .config = config,
        .store = program->store,
        .producer = program->producer,
        .entities = importer->entities,
        .forwards_products = importer->forwards_products,
    });
    return true;
}

static bool program_run(struct program *program, const struct importer *importer, struct err *err)
{
    const struct config *config = &program->config;

    return runtime_consume(program->runtime, config, program->producer,
                           &(struct consume_options){
                               .group = importer->program,
                               .topics = &importer->topic,
                               .topic_count = 1,
                               .limits = {.messages = 1000,
                                          .weight = (size_t)config->run_rows,
                                          .bytes = (size_t)config->run_bytes},
                               .handle = apply_run,
                               .give_up = apply_give_up,
                               .store = program->store,
                               .ctx = program->apply,
                           },
                           err);
}

static void program_close(struct program *program)
{
    apply_close(program->apply);
    bus_producer_close(program->producer, runtime_drain_left_ms(program->runtime));
    store_close(program->store);
    runtime_close(program->runtime);
    config_done(&program->config);
}

int importer_main(const struct importer *importer)
{
    struct program program = {0};
    struct err err;
    bool ok = program_open(&program, importer, &err) && program_run(&program, importer, &err);

    if (!ok) {
        log_error("stopping: %s", err.msg);
    }
    program_close(&program);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
