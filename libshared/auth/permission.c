#include "auth/auth.h"

static const struct {
    enum auth_permission permission;
    const char *name;
} permissions[] = {
    {AUTH_CUSTOMERS, "customers"},
    {AUTH_IMPORT, "import"},
    {AUTH_BULK_IMPORT, "B2BBulkImport"},
    {AUTH_ADMIN, "admin"},
};

enum { PERMISSIONS = sizeof(permissions) / sizeof(permissions[0]) };

unsigned auth_permission_parse(struct str name)
{
    for (size_t i = 0; i < PERMISSIONS; i++) {
        if (str_is(name, permissions[i].name)) {
            return permissions[i].permission;
        }
    }
    return 0;
}

const char *auth_permission_name(unsigned permission)
{
    for (size_t i = 0; i < PERMISSIONS; i++) {
        if (permissions[i].permission == permission) {
            return permissions[i].name;
        }
    }
    return "unknown";
}

bool auth_permissions_parse(const char *text, unsigned *out, struct err *err)
{
    unsigned set = 0;

    for (const char *word = text; *word;) {
        size_t n = strcspn(word, ",");
        unsigned permission = auth_permission_parse((struct str){word, n});

        if (!permission) {
            return err_set(err, ERR_INVALID, "\"%.*s\" is no permission", (int)n, word);
        }
        set |= permission;
        word += word[n] ? n + 1 : n;
    }
    *out = set;
    return true;
}
