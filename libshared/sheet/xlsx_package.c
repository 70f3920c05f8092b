#include "sheet/xlsx_package.h"

#include "sheet/xlsx_directory.h"

#include <zip.h>

#include <inttypes.h>

enum {
    /* Sheets shrink to a tenth, seldom to a hundredth. */
    MAX_RATIO = 250,
    RATIO_FROM_BYTES = 16 * 1024 * 1024,
};

struct xlsx_package {
    zip_t *zip;
    uint64_t limit;
    uint64_t unpacked;
};

struct xlsx_part {
    struct xlsx_package *package;
    const char *name;
    zip_file_t *file;
    uint64_t packed_bytes;
    uint64_t unpacked;
};

bool xlsx_damaged(struct sheet_fault *fault, struct err *err, const char *part, const char *what)
{
    static const struct sheet_flaw flaw = {
        "XLSX_DAMAGED",
        "Open the file in a spreadsheet program, save it again as .xlsx and send the new file."};

    return sheet_refuse(fault, err, &flaw, (struct sheet_place){0},
                        "The workbook is damaged: %.60s %.120s.", part, what);
}

bool xlsx_refuse_encrypted(struct sheet_fault *fault, struct err *err)
{
    static const struct sheet_flaw flaw = {
        "XLSX_ENCRYPTED", "Open the workbook, remove its password and save it again."};

    return sheet_refuse(fault, err, &flaw, (struct sheet_place){0},
                        "The workbook is protected with a password.");
}

static bool refuse_archive(int zip_code, struct sheet_fault *fault, struct err *err)
{
    switch (zip_code) {
    case ZIP_ER_MEMORY:
        return err_set(err, ERR_UNAVAILABLE, "no memory for the workbook's archive");
    case ZIP_ER_READ:
    case ZIP_ER_SEEK:
        return err_set(err, ERR_INTERNAL, "cannot read the workbook's file");
    default:
        return xlsx_damaged(fault, err, "its ZIP archive", "is cut off or broken");
    }
}

bool xlsx_package_open(struct str file, const struct sheet_limits *limits,
                       struct xlsx_package **out, struct sheet_fault *fault, struct err *err)
{
    zip_error_t error;

    if (!xlsx_directory_check(file, fault, err)) {
        return false;
    }
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(file.p, file.n, 0, &error);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    int zip_code = zip_error_code_zip(&error);

    zip_error_fini(&error);
    if (!zip) {
        zip_source_free(source); /* an archive would own it; NULL is allowed */
        return refuse_archive(zip_code, fault, err);
    }
    *out = mem_calloc(1, sizeof(**out));
    (*out)->zip = zip;
    (*out)->limit = limits->unpacked_bytes;
    return true;
}

void xlsx_package_close(struct xlsx_package *package)
{
    if (package) {
        zip_discard(package->zip);
        mem_free(package);
    }
}

bool xlsx_package_has(const struct xlsx_package *package, const char *name)
{
    return zip_name_locate(package->zip, name, ZIP_FL_NOCASE) >= 0;
}

static bool check_method(const zip_stat_t *stat, const char *name, struct sheet_fault *fault,
                         struct err *err)
{
    if (stat->encryption_method != ZIP_EM_NONE) {
        return xlsx_refuse_encrypted(fault, err);
    }
    return stat->comp_method == ZIP_CM_STORE || stat->comp_method == ZIP_CM_DEFLATE ||
           xlsx_damaged(fault, err, name, "is packed in a way that workbooks do not use");
}

bool xlsx_part_open(struct xlsx_package *package, const char *name, struct xlsx_part **out,
                    struct sheet_fault *fault, struct err *err)
{
    zip_int64_t index = zip_name_locate(package->zip, name, ZIP_FL_NOCASE);
    zip_stat_t stat;

    if (index < 0 || zip_stat_index(package->zip, (zip_uint64_t)index, 0, &stat) != 0) {
        return xlsx_damaged(fault, err, name, "is missing");
    }
    if (!check_method(&stat, name, fault, err)) {
        return false;
    }
    zip_file_t *file = zip_fopen_index(package->zip, (zip_uint64_t)index, 0);

    if (!file) {
        return refuse_archive(zip_error_code_zip(zip_get_error(package->zip)), fault, err);
    }
    *out = mem_calloc(1, sizeof(**out));
    **out = (struct xlsx_part){
        .package = package, .name = name, .file = file, .packed_bytes = stat.comp_size};
    return true;
}

void xlsx_part_close(struct xlsx_part *part)
{
    if (part) {
        zip_fclose(part->file);
        mem_free(part);
    }
}

static bool check_size(const struct xlsx_part *part, struct sheet_fault *fault, struct err *err)
{
    static const struct sheet_flaw flaw = {
        "XLSX_TOO_LARGE", "Remove formats, pictures and sheets that are not needed, split the "
                          "table into several files, or send it as CSV."};

    if (part->unpacked > RATIO_FROM_BYTES && part->unpacked / MAX_RATIO > part->packed_bytes) {
        return sheet_refuse(fault, err, &flaw, (struct sheet_place){0},
                            "The workbook unpacks to more than %d times its size.", MAX_RATIO);
    }
    return part->package->unpacked <= part->package->limit ||
           sheet_refuse(fault, err, &flaw, (struct sheet_place){0},
                        "The workbook unpacks to more than %" PRIu64 " bytes.",
                        part->package->limit);
}

bool xlsx_part_read(struct xlsx_part *part, void *to, size_t size, size_t *n,
                    struct sheet_fault *fault, struct err *err)
{
    zip_int64_t got = zip_fread(part->file, to, size);

    if (got < 0) {
        return refuse_archive(zip_error_code_zip(zip_file_get_error(part->file)), fault, err);
    }
    *n = (size_t)got;
    part->unpacked += *n;
    part->package->unpacked += *n;
    return check_size(part, fault, err);
}
