# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# One guest: boot, job, result. The guest writes the job's output and, last, its exit status to a share
# (FOLDER/out); only that status counts, never how QEMU ended.

LAB_BOOT_LIMIT=90
LAB_BOOT_ATTEMPTS=3
# The kernel's own words for trouble. Not every WARNING: those about a processor's weaknesses name no place in
# the code, neither in the old form (CPU: 0 PID: 1 at FILE:LINE) nor in that of 7.x (FILE:LINE at FUNCTION).
# A user program's fault ("traps: ...") is not the kernel's.
LAB_KERNEL_TROUBLE='BUG:|WARNING: (CPU:|[^ ]+:[0-9]+ at )|Oops|general protection fault|KASAN|UBSAN|rcu.*(stall|self-detected)|soft lockup|blocked for more than|Kernel panic|[Uu]nable to handle'
LAB_JOB_END='garrison-lab: job ended'

# The results of the last guest_run.
GUEST_OUTCOME= # reported, died, timeout, or noboot
GUEST_STATUS=  # the job's exit status when it reported
GUEST_BOOT=    # seconds to user space
GUEST_TROUBLE= # lines of the console that speak of kernel trouble
GUEST_PIDS=()
GUEST_TAIL=
GUEST_SECONDS= # all of it, without the wait for another guest
GUEST_SOCKETS=
GUEST_LOCK=

# As many guests run on this machine at one time; an emulated one keeps about one CPU busy.
guest_places() { [ "$(nproc)" -ge 2 ] && [ "$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)" -ge 8000000 ] && echo 2 || echo 1; }

GUEST_PLACE=  # the number of ours
GUEST_PLACES=() # the descriptors of our locks
# What each line of a job's output begins with, where several jobs speak at one time.
GUEST_PREFIX=

# Takes a place for a guest, or all of them for one that must be alone.
guest_take_places() {
    local alone=$1 place waited=
    GUEST_PLACES=()
    if [ -n "$alone" ]; then
        for ((place = 1; place <= $(guest_places); place++)); do
            take_lock "guest-$place" "another guest is running on this machine; this one must be alone"
            GUEST_PLACES+=("$LAB_LOCK_FD")
        done
        GUEST_PLACE=1
        return
    fi
    until guest_try_place; do
        [ -n "$waited" ] || say "waiting: other guests are running on this machine; $(guest_places) at a time"
        waited=yes
        sleep 0.5
    done
}

guest_try_place() {
    local place fd
    mkdir -p "$LAB_CACHE"
    for ((place = 1; place <= $(guest_places); place++)); do
        exec {fd}>>"$LAB_CACHE/guest-$place.lock"
        if flock -n "$fd"; then
            GUEST_PLACE=$place
            GUEST_PLACES=("$fd")
            return 0
        fi
        exec {fd}>&-
    done
    return 1
}

guest_leave_places() {
    local fd
    for fd in ${GUEST_PLACES[@]+"${GUEST_PLACES[@]}"}; do release_lock "$fd"; done
    GUEST_PLACES=()
}

# guest_run --kernel NAME --folder FOLDER [--limit SECONDS] [--append WORDS] [--icount] [--interactive]
#           [--quiet] [--alone] [--env NAME=VALUE]... [--hold] -- COMMAND...
# --hold keeps the folder's lock until the caller releases GUEST_LOCK; --alone lets no other guest run meanwhile.
# Returns 0 when the guest reported; the job's own status is GUEST_STATUS.
guest_run() {
    local kernel='' folder='' limit=1200 append='' icount='' interactive='' quiet='' hold='' alone='' environment=() attempt started
    while [ "$1" != -- ]; do
        case $1 in
            --kernel) kernel=$2; shift ;;
            --folder) folder=$2; shift ;;
            --limit) limit=$2; shift ;;
            --append) append=$2; shift ;;
            --env) environment+=("$2"); shift ;;
            --icount) icount=1 ;;
            --interactive) interactive=1 ;;
            --quiet) quiet=1 ;;
            --hold) hold=1 ;;
            --alone) alone=1 ;;
            *) die "guest_run: $1" ;;
        esac
        shift
    done
    shift
    take_file_lock "$folder.lock" "another guest writes to $folder"
    GUEST_LOCK=$LAB_LOCK_FD
    guest_take_places "$alone"
    started=$(now)
    rm -rf "$folder"
    for ((attempt = 1; attempt <= LAB_BOOT_ATTEMPTS; attempt++)); do
        guest_prepare "$folder" "$kernel" "$@"
        guest_start "$folder" "$kernel"
        guest_wait "$folder" "$limit"
        guest_stop
        if [ "$GUEST_OUTCOME" != noboot ] || [ -n "$interactive" ] || [ "$attempt" -ge "$LAB_BOOT_ATTEMPTS" ]; then break; fi
        cp "$folder/console.log" "$folder/console.boot-$attempt.log"
        warn "kernel $kernel did not reach user space; boot $((attempt + 1)) of $LAB_BOOT_ATTEMPTS" \
            "(console: $folder/console.boot-$attempt.log)"
    done
    GUEST_SECONDS=$(($(now) - started))
    guest_leave_places
    guest_scan "$folder"
    [ -n "$hold" ] || release_lock "$GUEST_LOCK"
    guest_verdict "$folder" "$kernel" "$limit"
}

# For every Java in a guest, which is emulated and short-lived: the first compiler, and only for what runs often (a method takes it
# 10 ms there, a quarter of a start in all); the serial collector; no moved archive.
LAB_JAVA='-XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=5 -XX:+UseSerialGC -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0'

# Lays out the share: what the guest runs, and with what environment.
guest_prepare() {
    local folder=$1 kernel=$2 pair
    shift 2
    rm -rf "$folder/out"
    mkdir -p "$folder/out"
    : >"$folder/out/output"
    {
        printf 'LAB_KERNEL=%q\nLAB_KERNEL_FOLDER=%q\n' "$kernel" "$(kernel_folder "$kernel")"
        printf 'LAB_INTERACTIVE=%q\n' "$interactive"
        printf 'LAB_KEEP="%s %s %s %s"\n' "$LAB_REPO" "$LAB_CACHE" "$LAB_JAVA_HOME" "$(maven_repository)"
        printf 'LAB_TERMINAL=%q\nLAB_TERMINAL_SIZE="rows %s cols %s"\n' "${TERM:-linux}" \
            "$(tput lines 2>/dev/null || echo 24)" "$(tput cols 2>/dev/null || echo 80)"
    } >"$folder/out/guest.env"
    {
        printf 'export HOME=/root LANG=C.UTF-8 LAB_SHARE=/run/lab LAB_KERNEL=%q LAB_REPO=%q\n' "$kernel" "$LAB_REPO"
        printf 'export JAVA_HOME=%q\n' "$LAB_JAVA_HOME"
        printf 'export PATH=%q:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n' "$LAB_JAVA_HOME/bin"
        # Where it lies in memory is no secret in a guest, and moving the class archive at each start takes 8 s there.
        printf 'export LAB_JAVA=%q GARRISON_JAVA_OPTS=%q\n' "$LAB_JAVA" "$LAB_JAVA"
        for pair in ${environment[@]+"${environment[@]}"}; do
            printf 'export %s=%q\n' "${pair%%=*}" "${pair#*=}"
        done
        printf 'cd %q\nexec' "$LAB_REPO"
        printf ' %q' "$@"
        printf '\n'
    } >"$folder/out/job"
}

guest_start() {
    local folder=$1 kernel=$2 virtiofsd mountpoints qemu=() QEMU
    virtiofsd=$(virtiofsd_path)
    # One folder a place, so that what a killed lab left behind goes with the next guest.
    GUEST_SOCKETS=$LAB_CACHE/guest-$GUEST_PLACE
    rm -rf "$GUEST_SOCKETS"
    mkdir -p "$GUEST_SOCKETS"
    [ ${#GUEST_SOCKETS} -lt 100 ] || die "the cache's path is too long for a socket: $LAB_CACHE" "remedy: set GARRISON_CACHE"
    GUEST_PIDS=()
    mkdir -p "$LAB_CACHE/view"
    mapfile -t mountpoints < <(view_mountpoints)
    # A child whose parent was killed hard is killed too: nothing is left behind on any way out.
    setpriv --pdeathsig KILL unshare --mount --propagation private \
        "$LAB_HOME/host/serve-root" "$virtiofsd" "$GUEST_SOCKETS/root" "$LAB_CACHE/view" ${mountpoints[@]+"${mountpoints[@]}"} \
        >"$folder/virtiofsd-root.log" 2>&1 </dev/null &
    GUEST_PIDS+=($!)
    setpriv --pdeathsig KILL "$LAB_HOME/host/serve-share" "$virtiofsd" "$GUEST_SOCKETS/share" "$folder/out" \
        >"$folder/virtiofsd-share.log" 2>&1 </dev/null &
    GUEST_PIDS+=($!)
    guest_wait_for_socket "$GUEST_SOCKETS/root" "${GUEST_PIDS[0]}" "$folder/virtiofsd-root.log"
    guest_wait_for_socket "$GUEST_SOCKETS/share" "${GUEST_PIDS[1]}" "$folder/virtiofsd-share.log"
    qemu_command
    guest_qemu_arguments
    if [ -n "$interactive" ]; then
        # In the foreground of the terminal, hence not a background job.
        setpriv --pdeathsig KILL "${QEMU[@]}" "${qemu[@]}" 2>"$folder/qemu.log" <&0 &
    else
        setpriv --pdeathsig KILL "${QEMU[@]}" "${qemu[@]}" >"$folder/qemu.log" 2>&1 </dev/null &
    fi
    GUEST_QEMU=$!
    GUEST_PIDS+=("$GUEST_QEMU")
    if [ -z "$interactive$quiet" ]; then
        setpriv --pdeathsig KILL tail -n +1 -s 0.2 --pid="$GUEST_QEMU" -f "$folder/out/output" | sed -u "s/^/$GUEST_PREFIX/" &
        GUEST_TAIL=$!
    else
        GUEST_TAIL=
    fi
}

# An emulated kernel measures its time stamp counter against a clock that is emulated too: on a loaded machine it was off by a
# factor of 6 once, and so were all times in that guest. It is the machine's own counter, which we can measure.
guest_clock() {
    local program=$LAB_CACHE/tsc-khz khz
    if [ ! "$program" -nt "$LAB_HOME/host/tsc-khz.c" ]; then
        gcc -O2 -o "$program.$BASHPID" "$LAB_HOME/host/tsc-khz.c" && mv "$program.$BASHPID" "$program"
    fi
    khz=$("$program")
    if [[ ! $khz =~ ^[0-9]{6,8}$ ]]; then
        die "cannot measure this machine's time stamp counter: $program said '$khz'"
    fi
    printf 'tsc_early_khz=%s\n' "$khz"
}

# Fills qemu.
guest_qemu_arguments() {
    local words='' folder_of_kernel
    folder_of_kernel=$(kernel_folder "$kernel")
    qemu=(-name "garrison-$kernel" -no-user-config -machine q35 -m "$LAB_GUEST_MEMORY"
        -object "memory-backend-memfd,id=memory,size=$LAB_GUEST_MEMORY,share=on" -numa "node,memdev=memory"
        -chardev "socket,id=root,path=$GUEST_SOCKETS/root" -device "vhost-user-fs-pci,chardev=root,tag=rootfs"
        -chardev "socket,id=share,path=$GUEST_SOCKETS/share" -device "vhost-user-fs-pci,chardev=share,tag=share"
        -display none -vga none -nic none -no-reboot -kernel "$folder_of_kernel/vmlinuz")
    if [ -n "$icount" ]; then
        # Time is a count of instructions: one CPU, and repeatable to a fraction of a per cent.
        qemu+=(-accel "tcg,thread=single" -icount "shift=1,sleep=off" -cpu max -smp 1)
    elif [ "$LAB_ACCEL" = kvm ]; then
        qemu+=(-accel kvm -cpu host -smp 2)
    else
        # Two CPUs, but one thread for both: where guests are as many as the machine's CPUs, two threads a guest wait for each
        # other (fork and exec took twice as long so, the start of a JVM a quarter longer).
        # Without erms and fsrm the kernel and glibc copy and clear memory by the word, which is emulated many times faster than
        # rep movsb; without la57 a page is found in one step less.
        qemu+=(-accel "tcg,thread=single" -cpu max,-erms,-fsrm,-la57 -smp 2)
        # On a loaded machine the kernel's watchdog would call the TSC unstable and read the emulated HPET instead: each
        # look at the clock is then a device access under QEMU's one lock, and the guest several times slower.
        # khugepaged runs when nobody else wants to (nice 19), and copies pages under the RCU lock: with minutes of load on two emulated
        # CPUs it is kept waiting there until the kernel calls it a stall.
        words="transparent_hugepage=madvise tsc=reliable $(guest_clock)" || exit 1
    fi
    if [ -n "$interactive" ]; then
        qemu+=(-chardev "stdio,id=console,mux=on,signal=off,logfile=$folder/console.log" -serial chardev:console
            -mon chardev=console)
    else
        qemu+=(-chardev "file,id=console,path=$folder/console.log" -serial chardev:console -monitor none)
    fi
    words="${words:+$words }console=ttyS0 loglevel=$([ -n "$interactive" ] && echo 4 || echo 7) panic=-1 log_buf_len=4M init=$LAB_HOME/guest/init"
    if [ -s "$folder_of_kernel/initramfs" ]; then
        qemu+=(-initrd "$folder_of_kernel/initramfs")
    else
        words="root=rootfs rootfstype=virtiofs ro $words"
    fi
    qemu+=(-append "$words${append:+ $append}")
}

guest_wait_for_socket() {
    local socket=$1 pid=$2 log=$3 tries
    for ((tries = 0; tries < 100; tries++)); do
        [ ! -S "$socket" ] || return 0
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    sed 's/^/lab:        /' "$log" >&2
    die "virtiofsd did not start" "remedy: see $log"
}

# Waits for the status file, QEMU's end or a limit. Sets GUEST_OUTCOME and GUEST_BOOT.
guest_wait() {
    local folder=$1 limit=$2 out=$1/out started
    started=$(now)
    GUEST_BOOT=''
    GUEST_OUTCOME=''
    while [ -z "$GUEST_OUTCOME" ]; do
        # $$ is the lab, also in a subshell of it, which would outlive one that is killed hard.
        kill -0 $$ 2>/dev/null || exit 143
        if [ -z "$GUEST_BOOT" ] && [ -e "$out/started" ]; then GUEST_BOOT=$(($(now) - started)); fi
        if [ -e "$out/status" ]; then
            GUEST_OUTCOME=reported
        elif ! kill -0 "$GUEST_QEMU" 2>/dev/null; then
            # The status may have come between the two looks.
            if [ -e "$out/status" ]; then GUEST_OUTCOME=reported
            elif [ -e "$out/started" ]; then GUEST_OUTCOME=died
            else GUEST_OUTCOME=noboot; fi
        elif [ ! -e "$out/started" ] && [ $(($(now) - started)) -ge "$LAB_BOOT_LIMIT" ]; then
            GUEST_OUTCOME=noboot
        elif [ $(($(now) - started)) -ge "$limit" ]; then
            GUEST_OUTCOME=timeout
        else
            sleep 0.1
        fi
    done
    if [ "$GUEST_OUTCOME" = reported ]; then
        GUEST_STATUS=$(cat "$out/status")
        GUEST_BOOT=${GUEST_BOOT:-0}
        # The power-off is a courtesy: all that counts is written.
        for ((tries = 0; tries < 50; tries++)); do
            kill -0 "$GUEST_QEMU" 2>/dev/null || break
            sleep 0.1
        done
    else
        GUEST_STATUS=''
    fi
}

# Ends whatever of the guest still runs. Also runs at the lab's exit.
guest_stop() {
    # The shell's own words about killed jobs are no news.
    {
        if [ ${#GUEST_PIDS[@]} -gt 0 ]; then
            kill -KILL "${GUEST_PIDS[@]}" || true
            # tail ends by itself once QEMU has, after it has shown the rest.
            wait "${GUEST_PIDS[@]}" $GUEST_TAIL || true
        fi
    } 2>/dev/null
    GUEST_PIDS=()
    GUEST_TAIL=
    [ -z "$GUEST_SOCKETS" ] || rm -rf "$GUEST_SOCKETS"
    GUEST_SOCKETS=
}
at_exit guest_stop

# What the kernel complained about before the job ended; the power-off itself may fail without harm.
guest_scan() {
    local folder=$1
    GUEST_TROUBLE=$(sed "/$LAB_JOB_END/q" "$folder/console.log" 2>/dev/null | tr -d '\r' |
        grep -aE "$LAB_KERNEL_TROUBLE" | grep -avE 'traps: ' || true)
}

# The console from the first complaint on, as far as it says where: indented lines for a report.
LAB_EXCERPT_LINES=50
guest_excerpt() {
    sed "/$LAB_JOB_END/q" "$1/console.log" 2>/dev/null | tr -d '\r' | grep -av 'traps: ' |
        grep -aE -B 3 -A "$LAB_EXCERPT_LINES" -m 1 "$LAB_KERNEL_TROUBLE" | cut -c1-160 | sed 's/^/      | /' || true
}

# What a job said last.
guest_last_words() {
    tail -n 4 "$1/out/output" 2>/dev/null | cut -c1-300 | sed 's/^/      | /' || true
}

guest_verdict() {
    local folder=$1 kernel=$2 limit=$3
    case $GUEST_OUTCOME in
        noboot) warn "kernel $kernel did not reach user space" ;;
        died) warn "the guest with kernel $kernel died during its job" ;;
        timeout) warn "the guest with kernel $kernel was stopped at its limit of $limit s" ;;
    esac
    if [ -n "$GUEST_TROUBLE" ]; then
        warn "kernel $kernel complained:"
        printf '%s\n' "$GUEST_TROUBLE" | sed 's/^/lab:   /' >&2
    fi
    if [ "$GUEST_OUTCOME" != reported ] || [ -n "$GUEST_TROUBLE" ]; then
        say "console: $folder/console.log"
        return 1
    fi
}

# Boots and does nothing else; for questions such as "does KVM work?".
guest_trial() {
    local kernel=$1 folder=$2 limit=$3
    LAB_BOOT_LIMIT=$limit LAB_BOOT_ATTEMPTS=1 guest_run --kernel "$kernel" --folder "$folder" --limit "$limit" \
        --quiet -- true >/dev/null 2>&1 && [ "$GUEST_STATUS" = 0 ]
}
