#include "auth/cache.h"

#include <pthread.h>
#include <sodium.h>

#include <stdio.h>
#include <string.h>

enum { PLACES = 1024 };

struct place {
    char id[AUTH_RECORD_ID_SIZE];
    int64_t loaded_ms;
};

struct auth_cache {
    pthread_mutex_t lock;
    unsigned char hash_key[crypto_shorthash_KEYBYTES];
    struct place places[PLACES];
    size_t record_size;
    unsigned char *records; /* of the places, in their order */
};

struct auth_cache *auth_cache_new(size_t record_size)
{
    struct auth_cache *cache = mem_calloc(1, sizeof(*cache));

    pthread_mutex_init(&cache->lock, NULL);
    crypto_shorthash_keygen(cache->hash_key);
    cache->record_size = record_size;
    cache->records = mem_calloc(PLACES, record_size);
    return cache;
}

void auth_cache_free(struct auth_cache *cache)
{
    pthread_mutex_destroy(&cache->lock);
    sodium_memzero(cache->records, PLACES * cache->record_size);
    mem_free(cache->records);
    mem_free(cache);
}

static size_t place_of(const struct auth_cache *cache, const char *id)
{
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t number;

    crypto_shorthash(hash, (const unsigned char *)id, strlen(id), cache->hash_key);
    memcpy(&number, hash, sizeof(number));
    return number % PLACES;
}

bool auth_cache_get(struct auth_cache *cache, const char *id, void *record, int64_t *loaded_ms)
{
    size_t at = place_of(cache, id);

    pthread_mutex_lock(&cache->lock);
    bool found = strcmp(cache->places[at].id, id) == 0;
    if (found) {
        memcpy(record, cache->records + at * cache->record_size, cache->record_size);
        *loaded_ms = cache->places[at].loaded_ms;
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

void auth_cache_put(struct auth_cache *cache, const char *id, const void *record, int64_t now_ms)
{
    size_t at = place_of(cache, id);
    struct place *place = &cache->places[at];

    pthread_mutex_lock(&cache->lock);
    snprintf(place->id, sizeof(place->id), "%s", id);
    memcpy(cache->records + at * cache->record_size, record, cache->record_size);
    place->loaded_ms = now_ms;
    pthread_mutex_unlock(&cache->lock);
}
