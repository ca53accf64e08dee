/* Takes a part of the little space that the C library keeps for initial-exec thread-local storage of libraries opened late. */
__thread char static_tls_taken[256] __attribute__((tls_model("initial-exec")));
char *static_tls_use(void) { return static_tls_taken; }
