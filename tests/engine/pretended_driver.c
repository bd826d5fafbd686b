/* A CUDA driver that pretends: its device's memory is the computer's, and kernels are taken but not
 * run. With it all that happens on the host's side can be tried without a GPU: finding the device,
 * allocating, copying, linking and loading kernels, handing over arguments, launching, sharing.
 *
 * Functions that are not written here answer "success" and do nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, DEVICE_MEMORY = 2 };
enum { ATTRIBUTE_MEMORY_TYPE = 2, ATTRIBUTE_MAJOR = 75, ATTRIBUTE_MINOR = 76 };

static uint64_t last_handle = 0x1000;
static int launches, waits;

static int new_handle(void **handle) { *handle = (void *)(last_handle += 16); return SUCCESS; }
static int nothing(void) { return SUCCESS; }

/* What the tests ask. */
int pretended_launches(void) { return launches; }
int pretended_waits(void) { return waits; }

int cuDriverGetVersion(int *version) { *version = 13000; return SUCCESS; }
int cuDeviceGetCount(int *count) { *count = 1; return SUCCESS; }
int cuDeviceGet(int *device, int ordinal) { *device = ordinal; return SUCCESS; }
int cuDeviceGetName(char *name, int size, int device) {
    strncpy(name, "Pretended", size);
    return SUCCESS;
}
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    *value = attribute == ATTRIBUTE_MAJOR ? 9 : attribute == ATTRIBUTE_MINOR ? 0 : 1;
    return SUCCESS;
}
int cuDevicePrimaryCtxRetain(void **context, int device) { *context = (void *)16; return SUCCESS; }
int cuCtxGetCurrent(void **context) { *context = (void *)16; return SUCCESS; }
int cuCtxPopCurrent_v2(void **context) { *context = (void *)16; return SUCCESS; }
int cuCtxGetDevice(int *device) { *device = 0; return SUCCESS; }
int cuMemGetInfo_v2(size_t *left, size_t *all) { *left = *all = (size_t)8 << 30; return SUCCESS; }

int cuMemAlloc_v2(uint64_t *pointer, size_t bytes) {
    *pointer = (uint64_t)malloc(bytes);
    return SUCCESS;
}
int cuMemFree_v2(uint64_t pointer) { free((void *)pointer); return SUCCESS; }
int cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t bytes) {
    memcpy((void *)to, from, bytes);
    return SUCCESS;
}
int cuMemcpyDtoH_v2(void *to, uint64_t from, size_t bytes) {
    memcpy(to, (void *)from, bytes);
    return SUCCESS;
}
int cuMemcpyDtoD_v2(uint64_t to, uint64_t from, size_t bytes) {
    memcpy((void *)to, (void *)from, bytes);
    return SUCCESS;
}
int cuPointerGetAttribute(void *value, int attribute, uint64_t pointer) {
    *(int *)value = attribute == ATTRIBUTE_MEMORY_TYPE ? DEVICE_MEMORY : 0;
    return SUCCESS;
}
int cuPointerGetAttributes(unsigned count, int *attributes, void **values, uint64_t pointer) {
    for (unsigned i = 0; i < count; i++) cuPointerGetAttribute(values[i], attributes[i], pointer);
    return SUCCESS;
}

int cuEventCreate(void **event, unsigned flags) { return new_handle(event); }
int cuStreamWaitEvent(void *stream, void *event, unsigned flags) { waits++; return SUCCESS; }
int cuLibraryLoadData(void **library, const void *code, void *a, void *b, unsigned c, void *d,
                      void *e, unsigned f) {
    return memcmp(code, "\177ELF", 4) ? 200 : new_handle(library); /* 200: invalid image */
}
int cuLibraryGetKernel(void **kernel, void *library, const char *name) {
    return new_handle(kernel);
}
int cuKernelGetFunction(void **function, void *kernel) { return new_handle(function); }
int cuFuncGetAttribute(int *value, int attribute, void *function) {
    *value = attribute ? 32 : 1024;
    return SUCCESS;
}
int cuKernelGetAttribute(int *value, int attribute, void *kernel, int device) {
    return cuFuncGetAttribute(value, attribute, kernel);
}
int cuLaunchKernel(void *function, unsigned a, unsigned b, unsigned c, unsigned d, unsigned e,
                   unsigned f, unsigned shared, void *stream, void **arguments, void **extra) {
    launches++;
    return SUCCESS;
}
int cuLaunchKernelEx(const void *config, void *function, void **arguments, void **extra) {
    launches++;
    return SUCCESS;
}

/* How all others are found: by name, in the newest version there is. */
int cuGetProcAddress_v2(const char *name, void **function, int version, uint64_t flags,
                        int *status) {
    static void *self;
    char versioned[256];
    if (!self) {
        Dl_info found;
        dladdr((void *)nothing, &found);
        self = dlopen(found.dli_fname, RTLD_LAZY);
    }
    snprintf(versioned, sizeof versioned, "%s_v2", name);
    *function = dlsym(self, versioned);
    if (!*function) *function = dlsym(self, name);
    if (!*function) *function = (void *)nothing;
    if (status) *status = 0;
    return SUCCESS;
}
int cuGetProcAddress(const char *name, void **function, int version, uint64_t flags) {
    return cuGetProcAddress_v2(name, function, version, flags, NULL);
}
int cuInit(unsigned flags) { return SUCCESS; }
