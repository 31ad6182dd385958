/* A disk that fails and a process that dies, at the call that a test names.

   TEST_FAULTS_IN    only calls about paths that begin so are counted
   TEST_FAULTS_LOG   a file that gets a line for each of them: the operation, a space, the path
   TEST_FAULT        "before N", "half N", "after N": the process dies before call N, when half of the
                     bytes of that write are written, or after it; "eio N": call N alone fails; "full N": from call N on
                     nothing that needs room succeeds; "room N": files may grow by N bytes together;
                     "term N", "int N": a signal comes before call N */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum fault { NONE, BEFORE, HALF, AFTER, FAILING, FULL, TERM, INT, ROOM };

static const char *const names[] = {"none", "before", "half", "after", "eio", "full", "term", "int", "room"};
static const char *inside, *written_down;
static enum fault fault;
static long number;
static atomic_long calls, grown;

/* A call under way: its path, and whether it is counted and is the one. */
struct call {
    char path[2 * PATH_MAX];
    int is_counted, is_the_one;
    long place;
};

__attribute__((constructor)) static void begin(void)
{
    char name[16] = "none";
    const char *text = getenv("TEST_FAULT");
    inside = getenv("TEST_FAULTS_IN");
    written_down = getenv("TEST_FAULTS_LOG");
    if (text != NULL && sscanf(text, "%15s %ld", name, &number) == 2)
        for (int each = NONE; each <= ROOM; each++)
            if (strcmp(names[each], name) == 0)
                fault = each;
}

static void die(void)
{
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;)
        pause();
}

static void of_file(int file, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
}

static void of_name(int folder, const char *name, char *path)
{
    path[0] = 0;
    if (name[0] != '/') {
        if (folder != AT_FDCWD)
            of_file(folder, path);
        else if (getcwd(path, PATH_MAX) == NULL)
            path[0] = 0;
        strcat(path, "/");
    }
    strncat(path, name, PATH_MAX - 1);
}

/* Counts a call, and returns whether it is to be carried out. */
static int goes_on(struct call *call, const char *operation, int needs_room)
{
    int before = errno;
    call->is_counted = inside != NULL && strncmp(call->path, inside, strlen(inside)) == 0;
    call->is_the_one = 0;
    if (!call->is_counted)
        return 1;
    call->place = atomic_fetch_add(&calls, 1) + 1;
    call->is_the_one = call->place == number;
    if (written_down != NULL) {
        char line[3 * PATH_MAX];
        int length = snprintf(line, sizeof line, "%s %s\n", operation, call->path);
        int log = (int)syscall(SYS_openat, AT_FDCWD, written_down,
                               O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        syscall(SYS_write, log, line, length);
        syscall(SYS_close, log);
    }
    errno = before;
    if (call->is_the_one && (fault == TERM || fault == INT))
        syscall(SYS_tgkill, getpid(), gettid(), fault == TERM ? SIGTERM : SIGINT);
    if (call->is_the_one && fault == BEFORE)
        die();
    if (call->is_the_one && fault == FAILING)
        errno = EIO;
    else if (fault == FULL && call->place >= number && needs_room)
        errno = ENOSPC;
    else
        return 1;
    return 0;
}

static long done(const struct call *call, long result)
{
    if (call->is_the_one && fault == AFTER)
        die();
    return result;
}

/* Notes that files grew, or shrank, by some bytes; returns how many of them there is room for. */
static long grow(const struct call *call, long bytes)
{
    if (fault != ROOM || !call->is_counted)
        return bytes;
    long room = number - atomic_load(&grown), fits = bytes < room ? bytes : room < 0 ? 0 : room;
    atomic_fetch_add(&grown, fits);
    return fits;
}

/* Gives back the bytes of a file that goes. */
static void gone(const struct call *call, const char *path)
{
    struct stat facts;
    if (fault == ROOM && lstat(path, &facts) == 0 && S_ISREG(facts.st_mode))
        grow(call, -(long)facts.st_size);
}

/* The bytes that a write may have: none means that it fails. */
static ssize_t allowed(const struct call *call, int file, size_t bytes, off_t from)
{
    struct stat facts;
    if (call->is_the_one && fault == HALF)
        return bytes / 2;
    if (fault != ROOM || fstat(file, &facts) != 0)
        return bytes;
    if (from < 0)
        from = fcntl(file, F_GETFL) & O_APPEND ? facts.st_size : lseek(file, 0, SEEK_CUR);
    off_t growth = from + (off_t)bytes - facts.st_size;
    return growth <= 0 ? (ssize_t)bytes : (ssize_t)(bytes - growth + grow(call, growth));
}

static ssize_t put(int file, const void *bytes, size_t count, off_t from)
{
    struct call call;
    of_file(file, call.path);
    if (!goes_on(&call, "write", 1))
        return -1;
    ssize_t most = allowed(&call, file, count, from);
    if (most == 0 && count > 0 && fault == ROOM) {
        errno = ENOSPC;
        return -1;
    }
    ssize_t result = from < 0 ? syscall(SYS_write, file, bytes, most)
                              : syscall(SYS_pwrite64, file, bytes, most, from);
    if (call.is_the_one && fault == HALF)
        die();
    return done(&call, result);
}

ssize_t write(int file, const void *bytes, size_t count)
{
    return put(file, bytes, count, -1);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t from)
{
    return put(file, bytes, count, from);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off_t from)
{
    return put(file, bytes, count, from);
}

static int sync_file(int file, long system_call)
{
    struct call call;
    of_file(file, call.path);
    return goes_on(&call, "fsync", 0) ? (int)done(&call, syscall(system_call, file)) : -1;
}

int fsync(int file)
{
    return sync_file(file, SYS_fsync);
}

int fdatasync(int file)
{
    return sync_file(file, SYS_fdatasync);
}

int ftruncate(int file, off_t length)
{
    struct call call;
    struct stat facts;
    of_file(file, call.path);
    if (!goes_on(&call, "truncate", 0))
        return -1;
    if (fault == ROOM && fstat(file, &facts) == 0 && facts.st_size > length)
        grow(&call, length - facts.st_size);
    return (int)done(&call, syscall(SYS_ftruncate, file, length));
}

int ftruncate64(int file, off_t length)
{
    return ftruncate(file, length);
}

static int open_in(int folder, const char *name, int flags, mode_t mode)
{
    struct call call;
    if (!(flags & (O_CREAT | O_TRUNC)))
        return (int)syscall(SYS_openat, folder, name, flags, mode);
    of_name(folder, name, call.path);
    if (!goes_on(&call, "create", 1))
        return -1;
    if (flags & O_TRUNC)
        gone(&call, call.path);
    return (int)done(&call, syscall(SYS_openat, folder, name, flags, mode));
}

#define OPEN(function)                                       \
    int function(const char *name, int flags, ...)           \
    {                                                        \
        va_list more;                                        \
        va_start(more, flags);                               \
        mode_t mode = flags & O_CREAT ? va_arg(more, int) : 0; \
        va_end(more);                                        \
        return open_in(AT_FDCWD, name, flags, mode);         \
    }
OPEN(open)
OPEN(open64)

int mkdir(const char *name, mode_t mode)
{
    struct call call;
    of_name(AT_FDCWD, name, call.path);
    if (!goes_on(&call, "mkdir", 1))
        return -1;
    return (int)done(&call, syscall(SYS_mkdirat, AT_FDCWD, name, mode));
}

int rename(const char *from, const char *to)
{
    struct call call;
    of_name(AT_FDCWD, to, call.path);
    if (!goes_on(&call, "rename", 0))
        return -1;
    gone(&call, call.path);
    return (int)done(&call, syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int unlinkat(int folder, const char *name, int flags)
{
    struct call call;
    of_name(folder, name, call.path);
    if (!goes_on(&call, flags & AT_REMOVEDIR ? "rmdir" : "unlink", 0))
        return -1;
    gone(&call, call.path);
    return (int)done(&call, syscall(SYS_unlinkat, folder, name, flags));
}

int unlink(const char *name)
{
    return unlinkat(AT_FDCWD, name, 0);
}

int rmdir(const char *name)
{
    return unlinkat(AT_FDCWD, name, AT_REMOVEDIR);
}
