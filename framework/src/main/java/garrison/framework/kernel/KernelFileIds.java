// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import garrison.framework.libbpf.Libc;
import garrison.framework.light.OwnObjects;
import garrison.framework.link.Link;
import garrison.framework.object.LoadedBpfObject;
import garrison.spi.FileId;
import garrison.spi.FileIds;
import garrison.spi.KernelException;
import garrison.spi.ProgramInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Asks the kernel for file identities: opens the paths without access ({@code O_PATH}) and lets a BPF iterator over this
 * process's own descriptors say which inode of which super block is behind each. stat(2) cannot tell that: on overlayfs and
 * btrfs it shows other numbers than the hooks see. Safe for use by several threads, one at a time gets served.
 */
public final class KernelFileIds implements FileIds, AutoCloseable {
    private static final String PROGRAM = "garrison_file_ids";
    /** Descriptors held at a time: half of the usual soft limit of a process. */
    private static final int BATCH = 512;
    /** struct garrison_file_id: device u64, inode u64, generation u32, fd u32. */
    private static final int RECORD_SIZE = 24;

    private final OwnObjects own;
    private LoadedBpfObject object;
    private Link iterator;
    private boolean closed;

    /** Loads nothing until first used. */
    public KernelFileIds(OwnObjects own) {
        this.own = own;
    }

    @Override
    public synchronized List<FileId> identify(List<Path> paths) {
        if (closed) {
            throw new IllegalStateException("the look-up of files is closed");
        }
        if (iterator == null) {
            load();
        }
        List<FileId> ids = new ArrayList<>(paths.size());
        for (int from = 0; from < paths.size(); from += BATCH) {
            ids.addAll(identifyBatch(paths.subList(from, Math.min(paths.size(), from + BATCH))));
        }
        return ids;
    }

    private void load() {
        OwnObjects.Own core = own.read("core.bpf.o");
        KernelRequirements.check(core.spec(), Set.of(PROGRAM), own.kernel(), core.owner());
        object = core.load(_ -> { });
        try {
            ProgramInfo program = core.spec().program(PROGRAM).orElseThrow();
            iterator = object.attachTaskIterator(program, Math.toIntExact(ProcessHandle.current().pid()));
        } catch (RuntimeException e) {
            object.close();
            throw e;
        }
    }

    private List<FileId> identifyBatch(List<Path> paths) {
        int[] fds = new int[paths.size()];
        int opened = 0;
        try {
            for (Path path : paths) {
                int fd = Libc.open(path.toString(), Libc.O_PATH | Libc.O_CLOEXEC);
                if (fd < 0) {
                    throw unopened(path, -fd);
                }
                fds[opened++] = fd;
            }
            Map<Integer, FileId> byFd = read();
            List<FileId> ids = new ArrayList<>(opened);
            for (int i = 0; i < opened; i++) {
                FileId id = byFd.get(fds[i]);
                if (id == null) {
                    throw new KernelException("kernel " + own.kernel().release() + " did not say which file " + paths.get(i) + " is",
                            Libc.ENOENT);
                }
                ids.add(id);
            }
            return ids;
        } finally {
            for (int i = 0; i < opened; i++) {
                Libc.close(fds[i]);
            }
        }
    }

    private static RuntimeException unopened(Path path, int errno) {
        String words = Libc.strerror(errno);
        return errno == Libc.EMFILE || errno == Libc.ENFILE || errno == Libc.ENOMEM
                ? new KernelException("cannot look up " + path + ": " + words + "; raise the limit of open files (ulimit -n)",
                        errno)
                : new FileNotFound(path, words);
    }

    /** One walk over all descriptors of this process; threads that share them are seen once or more, with the same answer. */
    private Map<Integer, FileId> read() {
        ByteBuffer records = ByteBuffer.wrap(iterator.readAll()).order(ByteOrder.nativeOrder());
        Map<Integer, FileId> ids = HashMap.newHashMap(records.remaining() / RECORD_SIZE);
        while (records.remaining() >= RECORD_SIZE) {
            long device = records.getLong();
            long inode = records.getLong();
            int generation = records.getInt();
            ids.put(records.getInt(), new FileId(device, inode, generation));
        }
        return ids;
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (iterator != null) {
            iterator.close();
            object.close();
            iterator = null;
        }
    }
}
