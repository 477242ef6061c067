// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.btf.Btf;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.link.PinnedRun;
import garrison.framework.object.Owner;
import garrison.framework.object.PinnedMap;
import garrison.framework.ring.Bindings;
import garrison.framework.ring.InheritedRing;
import garrison.framework.ring.RingReader;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A run that an earlier process left behind: its programs are attached, since their links are pinned. It may be incomplete,
 * when that process was killed while it came or went.
 */
final class Orphan implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Orphan.class);

    private final PinnedRun pins;
    private final Owner owner;
    private final Map<String, PinnedMap> maps = new HashMap<>();
    private InheritedRing ring;

    Orphan(PinnedRun pins, Libbpf libbpf, Owner owner) {
        this.pins = pins;
        this.owner = owner;
        try {
            for (String map : pins.maps()) {
                OptionalInt fd = pins.openMap(map);
                if (fd.isPresent()) {
                    maps.put(map, PinnedMap.of(libbpf, owner, map, fd.getAsInt()));
                }
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    int generation() {
        return pins.generation();
    }

    /** A map of this name that it kept. */
    Optional<PinnedMap> map(String name) {
        return Optional.ofNullable(maps.get(name));
    }

    /** Its ring, to be read by the next run; empty when it had none yet. */
    Optional<InheritedRing> ring(Bindings bindings, Btf btf) {
        PinnedMap events = maps.get(PluginRun.EVENTS);
        PinnedMap counters = maps.get(PluginRun.COUNTERS);
        if (events == null || counters == null) {
            return Optional.empty();
        }
        boolean known = control(btf).map(c -> c.layout() == bindings.layout()).orElse(false);
        long told = map(HeartbeatMap.NAME).map(m -> new HeartbeatMap(m.map())).filter(HeartbeatMap::isKnown)
                .map(HeartbeatMap::dropped).orElse(0L);
        ring = new InheritedRing(owner.plugin(), events, counters, btf, known, told);
        return Optional.of(ring);
    }

    private Optional<ControlMap> control(Btf btf) {
        return map(ControlMap.NAME).map(m -> new ControlMap(m.map(), btf)).filter(ControlMap::isKnown);
    }

    /** First step of the end: decides and tells nothing any more. */
    void retire(Btf btf) {
        control(btf).ifPresent(ControlMap::retire);
    }

    /** Last step, when no program of it runs any more: all that it wrote is told, and it is gone. */
    void end(RingReader reader) {
        int links = pins.links().size();
        pins.remove();
        long told = ring == null ? 0 : ring.finish(reader);
        LOG.info("Plugin {}: took over from {} programs of an earlier process; {} events they had written are told", owner.plugin(),
                links, told);
    }

    /** Gives up what this process holds of it; what is pinned stays, unless {@link #end} was called. */
    @Override
    public void close() {
        maps.values().forEach(PinnedMap::close);
        maps.clear();
    }
}
