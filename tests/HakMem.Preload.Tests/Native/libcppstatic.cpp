// The same plug-in, linked with a C++ library of its own (NativeToolchain): its operators lead to the allocator's, since these come first.
#include "libcppplugin.cpp"
