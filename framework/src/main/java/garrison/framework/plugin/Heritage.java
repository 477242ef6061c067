// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.btf.Btf;
import garrison.framework.libbpf.Libc;
import garrison.framework.link.PinFolder;
import garrison.framework.link.PinnedRun;
import garrison.framework.object.LoadedBpfObject;
import garrison.framework.object.Owner;
import garrison.framework.object.PinnedMap;
import garrison.framework.ring.Bindings;
import garrison.framework.ring.InheritedRing;
import garrison.framework.ring.RingReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a new run of a plugin takes over from those before it, whose programs are attached still: maps that are kept, and, from
 * an earlier process, rings to be read to their end. LSM links cannot be given another program, so the new programs are
 * attached first; then {@link #release} detaches the old ones. A run of this process is ended by its slot.
 */
final class Heritage implements AutoCloseable {
    private PluginRun before;
    private final List<Orphan> orphans = new ArrayList<>();
    private final Optional<PinFolder> folder;

    private Heritage(PluginRun before, Optional<PinFolder> folder) {
        this.before = before;
        this.folder = folder;
    }

    /**
     * Looks for what there is.
     *
     * @param before the run of this process to be replaced, or null
     */
    static Heritage of(String plugin, PluginRun before, Optional<PinFolder> folder, Platform platform) {
        Heritage heritage = new Heritage(before, folder);
        if (before == null && folder.isPresent()) {
            Owner owner = new Owner(plugin, platform.kernel().release());
            try {
                for (PinnedRun run : folder.get().runs(plugin)) {
                    heritage.orphans.add(new Orphan(run, platform.libbpf(), owner));
                }
            } catch (RuntimeException e) {
                heritage.close();
                throw e;
            }
        }
        return heritage;
    }

    /** The generation of the last run before; 0 if there was none. */
    int generation() {
        return before != null ? before.generation() : orphans.isEmpty() ? 0 : orphans.getLast().generation();
    }

    /** The descriptor of the latest map of this name that may be taken over. */
    OptionalInt map(String name) {
        if (before != null) {
            LoadedBpfObject object = before.loaded();
            return object.kept().contains(name) ? OptionalInt.of(object.mapFd(name)) : OptionalInt.empty();
        }
        return orphans.reversed().stream().flatMap(o -> o.map(name).stream()).mapToInt(PinnedMap::fd).findFirst();
    }

    /** Rings that earlier processes left, oldest first. */
    List<InheritedRing> rings(Bindings bindings, Btf btf) {
        return orphans.stream().flatMap(o -> o.ring(bindings, btf).stream()).toList();
    }

    /** Where to pin the new run; empty if nothing is to be pinned. */
    Optional<PinnedRun> pins(String plugin, int generation) {
        return folder.map(f -> f.create(plugin, generation));
    }

    /** Detaches what an earlier process left. Call it when the new programs are attached and the reader runs. */
    void release(Btf btf, RingReader reader) {
        if (!orphans.isEmpty()) {
            orphans.forEach(o -> o.retire(btf));
            Libc.awaitRunningPrograms();
            orphans.forEach(o -> o.end(reader));
        }
    }

    /** Lets go of them: a run that knew the one before, which knew the one before, would keep all there ever were. */
    @Override
    public void close() {
        before = null;
        orphans.forEach(Orphan::close);
        orphans.clear();
    }
}
