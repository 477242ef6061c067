// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.Status.AttachedProgram;
import garrison.framework.link.Link;
import garrison.framework.link.PinnedRun;
import garrison.framework.link.Strategy;
import garrison.framework.object.LoadedBpfObject;
import garrison.spi.GarrisonException;
import garrison.spi.ProgramInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The attached programs of one run. Changed by one thread at a time; {@link #list} may be called by any. */
final class Attachments implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Attachments.class);

    private final String plugin;
    private final LoadedBpfObject object;
    /** Where links are pinned; null if they are not. */
    private PinnedRun pins;
    private final Map<String, Link> links = new ConcurrentSkipListMap<>();

    Attachments(String plugin, LoadedBpfObject object) {
        this.plugin = plugin;
        this.object = object;
    }

    /** Pins the links to come. */
    void pin(PinnedRun run) {
        pins = run;
    }

    /**
     * Attaches those of the programs that are not attached yet; if one fails, none of them stays.
     *
     * @return the names of those newly attached
     */
    Set<String> attach(Set<String> programs) {
        Set<String> unknown = new TreeSet<>(programs);
        object.programs().forEach(p -> unknown.remove(p.name()));
        unknown.removeIf(name -> object.plan().of(name) instanceof Strategy.Unserved); // told by the run's Enforcement
        if (!unknown.isEmpty()) {
            throw new GarrisonException("plugin " + plugin + " wants to attach programs that are not loaded: "
                    + String.join(", ", unknown) + "; a defect of the plugin");
        }
        Set<String> fresh = new TreeSet<>();
        try {
            for (ProgramInfo program : object.programs()) {
                if (programs.contains(program.name()) && !links.containsKey(program.name())) {
                    Link link = object.attach(program);
                    links.put(program.name(), link);
                    fresh.add(program.name());
                    if (pins != null) {
                        link.pin(pins);
                    }
                }
            }
            return fresh;
        } catch (Throwable t) {
            detach(fresh);
            throw t;
        }
    }

    /** Detaches programs, whatever goes wrong with one of them. */
    void detach(Set<String> programs) {
        for (String program : programs) {
            Link link = links.remove(program);
            if (link != null) {
                try {
                    link.close();
                } catch (RuntimeException e) {
                    LOG.error("Plugin {}: {} could not be detached: {}", plugin, program, e.getMessage(), e);
                }
            }
        }
    }

    /** Detaches all others. */
    void retain(Set<String> programs) {
        Set<String> others = new TreeSet<>(links.keySet());
        others.removeAll(programs);
        detach(others);
    }

    List<AttachedProgram> list() {
        List<AttachedProgram> all = new ArrayList<>();
        for (Link link : links.values()) {
            all.add(new AttachedProgram(link.program(), link.kind(), link.target(), link.strategy(), link.id()));
        }
        return List.copyOf(all);
    }

    @Override
    public void close() {
        retain(Set.of());
    }
}
