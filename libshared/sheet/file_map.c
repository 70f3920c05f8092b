#include "sheet/file_map.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

bool file_map(int fd, struct str *out, struct err *err)
{
    struct stat stat;
    void *bytes = NULL;

    if (fstat(fd, &stat) != 0) {
        return err_set(err, ERR_INTERNAL, "cannot look at the file: %s", strerror(errno));
    }
    if (stat.st_size > 0) {
        bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    if (bytes == MAP_FAILED) {
        return err_set(err, errno == ENOMEM ? ERR_UNAVAILABLE : ERR_INTERNAL,
                       "cannot map the file: %s", strerror(errno));
    }
    *out = (struct str){bytes, (size_t)stat.st_size};
    return true;
}

void file_unmap(struct str file)
{
    if (file.n > 0) {
        munmap((void *)file.p, file.n);
    }
}
