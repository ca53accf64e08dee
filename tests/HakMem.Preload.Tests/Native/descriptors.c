/* Closes all descriptors from a number on, opens many files in a folder and ends: descriptors FIRST FILES FOLDER. Nobody else may write to its files. */
#define CHECK_NO_MAIN
#include "check.h"
#include <sys/resource.h>

int main(int count, char **words)
{
    if (count != 4) return 2;
    check_identity();
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    for (int file = atoi(words[1]); file < 4096; file++) close(file);
    for (int i = 0; i < atoi(words[2]); i++)
    {
        char name[4096];
        snprintf(name, sizeof name, "%s/%d", words[3], i);
        if (open(name, O_CREAT | O_RDWR, 0600) < 0) break;
    }

    return 0;
}
