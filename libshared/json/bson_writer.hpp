#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

/*
 * Appends BSON to one growing block. libbson copies a nested document into its parent when it is
 * closed; here lengths are patched in place, so that each byte of a request is written once. Memory
 * comes from malloc: release() gives it away.
 */
class BsonWriter
{
  public:
    enum Type : uint8_t {
        DOUBLE = 0x01,
        TEXT = 0x02,
        DOCUMENT = 0x03,
        ARRAY = 0x04,
        BOOL = 0x08,
        NULL_VALUE = 0x0a,
        INT32 = 0x10,
        INT64 = 0x12,
    };

    BsonWriter() = default;
    BsonWriter(const BsonWriter &) = delete;
    BsonWriter &operator=(const BsonWriter &) = delete;
    ~BsonWriter()
    {
        free(data_);
    }

    size_t size() const
    {
        return size_;
    }

    const uint8_t *at(size_t offset) const
    {
        return data_ + offset;
    }

    void truncate(size_t size)
    {
        size_ = size;
    }

    uint8_t *release()
    {
        uint8_t *data = data_;

        data_ = nullptr;
        size_ = capacity_ = 0;
        return data;
    }

    /* Returns where the document starts; end() needs it. */
    size_t begin()
    {
        size_t start = size_;

        put_int<int32_t>(0);
        return start;
    }

    void end(size_t start)
    {
        put_byte(0);
        int32_t length = static_cast<int32_t>(size_ - start);
        memcpy(data_ + start, &length, sizeof(length));
    }

    void key(Type type, std::string_view name)
    {
        reserve(name.size() + 2);
        data_[size_++] = type;
        memcpy(data_ + size_, name.data(), name.size());
        size_ += name.size();
        data_[size_++] = 0;
    }

    void text(std::string_view value)
    {
        put_int<int32_t>(static_cast<int32_t>(value.size() + 1));
        put(value.data(), value.size());
        put_byte(0);
    }

    template <typename T> void put_int(T value)
    {
        put(&value, sizeof(value));
    }

    void put_byte(uint8_t byte)
    {
        reserve(1);
        data_[size_++] = byte;
    }

  private:
    void put(const void *p, size_t n)
    {
        reserve(n);
        if (n) {
            memcpy(data_ + size_, p, n);
        }
        size_ += n;
    }

    void reserve(size_t extra)
    {
        if (size_ + extra <= capacity_) {
            return;
        }
        size_t capacity = capacity_ + capacity_ / 2 + 4096;

        capacity_ = capacity < size_ + extra ? size_ + extra : capacity;
        data_ = static_cast<uint8_t *>(realloc(data_, capacity_));
        if (!data_) {
            abort();
        }
    }

    uint8_t *data_ = nullptr;
    size_t size_ = 0;
    size_t capacity_ = 0;
};
