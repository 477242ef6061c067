// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import garrison.framework.Status;
import garrison.runtime.control.Operations;
import garrison.runtime.control.Request;
import garrison.runtime.control.RequestException;
import garrison.runtime.event.EventFilter;
import garrison.runtime.event.EventStream;
import garrison.runtime.osgi.BundleStatus;
import garrison.spi.Mode;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The control operations of one {@link Daemon}. */
final class DaemonOperations implements Operations {
    private final Daemon daemon;

    DaemonOperations(Daemon daemon) {
        this.daemon = daemon;
    }

    @Override
    public Object answer(Request request) {
        return switch (request.operation()) {
            case "status" -> withoutArguments(request, this::status);
            case "kernel" -> withoutArguments(request, () -> KernelFacts.of(daemon.garrison().status().kernel()));
            case "reload" -> withoutArguments(request, daemon::reload);
            case "mode" -> mode(request);
            case "bundle-start", "bundle-stop", "bundle-update" -> bundle(request);
            default -> throw new RequestException("unknown operation \"" + request.operation() + "\"; known: bundle-start,"
                    + " bundle-stop, bundle-update, events, kernel, mode, reload, status");
        };
    }

    @Override
    public EventStream events(EventFilter filter, String receiver) {
        return daemon.events().open(filter, receiver, daemon.settings().clientQueue());
    }

    private static Object withoutArguments(Request request, java.util.function.Supplier<Object> answer) {
        request.end();
        return answer.get();
    }

    private Object status() {
        Status now = daemon.garrison().status();
        Map<String, Object> status = new LinkedHashMap<>();
        status.put("version", Version.TEXT);
        status.put("pid", ProcessHandle.current().pid());
        status.put("phase", daemon.phase());
        status.put("since", daemon.since());
        status.put("config", daemon.file().toString());
        status.put("kernel", KernelFacts.of(now.kernel()));
        status.put("trust", now.trust());
        status.put("mechanisms", now.mechanisms());
        status.put("plugins", now.plugins());
        status.put("absent", now.absent());
        status.put("bundles", daemon.bundleStatus());
        status.put("listeners", now.listeners());
        return status;
    }

    private Object mode(Request request) {
        String plugin = request.string("plugin");
        String word = request.string("mode");
        request.end();
        Mode mode;
        try {
            mode = Mode.valueOf(word.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new RequestException("mode is '" + word + "'; write AUDIT or ENFORCE");
        }
        daemon.garrison().mode(plugin, mode);
        return Map.of("plugin", plugin, "mode", mode);
    }

    private BundleStatus bundle(Request request) {
        String name = request.string("name");
        request.end();
        return switch (request.operation()) {
            case "bundle-start" -> daemon.bundles().start(name);
            case "bundle-stop" -> {
                BundleStatus stopped = daemon.bundles().stop(name);
                daemon.garrison().endLingering();
                yield stopped;
            }
            default -> daemon.bundles().update(name);
        };
    }
}
