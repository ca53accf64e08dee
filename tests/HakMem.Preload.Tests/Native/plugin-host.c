/* A C program that opens a C++ plug-in, and the C++ library with it, where only the plug-in sees them. */
#include "check.h"

static int (*opened(const char *library, const char *name))(void)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 256);
    CHECK(length > 0);
    path[length] = 0;
    strcpy(strrchr(path, '/') + 1, library);
    CHECK(dlsym(RTLD_DEFAULT, "_ZSt17__throw_bad_allocv") == NULL);
    void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CHECKF(plugin != NULL, "%s", dlerror());
    CHECK(dlsym(RTLD_DEFAULT, "_ZSt17__throw_bad_allocv") == NULL);
    int (*work)(void) = (int (*)(void))dlsym(plugin, name);
    CHECK(work != NULL);
    return work;
}

CASE(new_throws_in_a_plugin) { CHECK(opened("libcppplugin.so", "new_throws")() == 0); }
CASE(nothrow_new_fails_in_a_plugin) { CHECK(opened("libcppplugin.so", "nothrow_new_fails")() == 0); }
CASE(new_handlers_are_called_in_a_plugin) { CHECK(opened("libcppplugin.so", "new_handlers_are_called")() == 0); }

/* The library is linked with all that it needs of the C++ library; no other object of the process has any of it. */
CASE(new_throws_in_a_plugin_with_a_cpp_library_of_its_own) { CHECK(opened("libcppstatic.so", "new_throws")() == 0); }
CASE(nothrow_new_fails_in_a_plugin_with_a_cpp_library_of_its_own) { CHECK(opened("libcppstatic.so", "nothrow_new_fails")() == 0); }
CASE(new_handlers_are_called_in_a_plugin_with_a_cpp_library_of_its_own) { CHECK(opened("libcppstatic.so", "handlers_of_throwing_forms_are_called")() == 0); }
