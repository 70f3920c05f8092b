#include "auth/cache.h"

#include <pthread.h>
#include <sodium.h>

#include <stdio.h>
#include <string.h>

enum { PLACES = 1024 };

struct place {
    char key_id[AUTH_CACHE_ID_SIZE];
    struct auth_key key;
    int64_t loaded_ms;
};

struct auth_cache {
    pthread_mutex_t lock;
    unsigned char hash_key[crypto_shorthash_KEYBYTES];
    struct place places[PLACES];
};

struct auth_cache *auth_cache_new(void)
{
    struct auth_cache *cache = mem_calloc(1, sizeof(*cache));

    pthread_mutex_init(&cache->lock, NULL);
    crypto_shorthash_keygen(cache->hash_key);
    return cache;
}

void auth_cache_free(struct auth_cache *cache)
{
    pthread_mutex_destroy(&cache->lock);
    sodium_memzero(cache, sizeof(*cache));
    mem_free(cache);
}

static struct place *place_of(struct auth_cache *cache, const char *key_id)
{
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t number;

    crypto_shorthash(hash, (const unsigned char *)key_id, strlen(key_id), cache->hash_key);
    memcpy(&number, hash, sizeof(number));
    return &cache->places[number % PLACES];
}

bool auth_cache_get(struct auth_cache *cache, const char *key_id, struct auth_key *out,
                    int64_t *loaded_ms)
{
    struct place *place = place_of(cache, key_id);

    pthread_mutex_lock(&cache->lock);
    bool found = strcmp(place->key_id, key_id) == 0;
    if (found) {
        *out = place->key;
        *loaded_ms = place->loaded_ms;
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

void auth_cache_put(struct auth_cache *cache, const char *key_id, const struct auth_key *key,
                    int64_t now_ms)
{
    struct place *place = place_of(cache, key_id);

    pthread_mutex_lock(&cache->lock);
    snprintf(place->key_id, sizeof(place->key_id), "%s", key_id);
    place->key = *key;
    place->loaded_ms = now_ms;
    pthread_mutex_unlock(&cache->lock);
}
