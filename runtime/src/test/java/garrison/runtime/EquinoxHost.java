// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.ServiceLoader;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;

/**
 * Somebody's own program with an OSGi framework in it, the one on its class path, and nothing of Garrison but bundles. It does
 * what its standard input says, a command a line ({@code install FILE}, {@code start NAME}, {@code stop NAME},
 * {@code update NAME FILE}, {@code uninstall NAME}, {@code state NAME}, {@code status}), and answers each with one line.
 */
public final class EquinoxHost {
    private static final String GARRISON = "garrison.framework.Garrison";

    private final BundleContext context;

    private EquinoxHost(BundleContext context) {
        this.context = context;
    }

    /** @param arguments folder for the framework, Garrison's configuration file */
    public static void main(String[] arguments) throws Exception {
        Framework framework = ServiceLoader.load(FrameworkFactory.class).findFirst().orElseThrow().newFramework(Map.of(
                Constants.FRAMEWORK_STORAGE, arguments[0],
                Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT,
                Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, "org.slf4j;version=2.0.17",
                "garrison.config", arguments[1]));
        framework.start();
        // What others print must not come between the answers.
        PrintStream answers = System.out;
        System.setOut(System.err);
        EquinoxHost host = new EquinoxHost(framework.getBundleContext());
        answers.println(framework.getClass().getName());
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            answers.println(host.answer(line.split(" ")).replace('\n', ' '));
        }
        framework.stop();
        framework.waitForStop(30_000);
        answers.println("stopped");
        System.exit(0); // the plugin of the tests leaves a thread behind, on purpose
    }

    private String answer(String[] words) {
        try {
            return switch (words[0]) {
                case "install" -> context.installBundle("file:" + words[1]).getSymbolicName();
                case "start" -> state(words[1], Bundle::start);
                case "stop" -> state(words[1], Bundle::stop);
                case "update" -> state(words[1], bundle -> {
                    try (InputStream jar = new FileInputStream(words[2])) {
                        bundle.update(jar);
                    }
                });
                case "uninstall" -> state(words[1], Bundle::uninstall);
                case "state" -> state(words[1], bundle -> {});
                case "status" -> status();
                default -> throw new IllegalArgumentException(words[0]);
            };
        } catch (Exception e) {
            e.printStackTrace();
            return "failed: " + e;
        }
    }

    private interface Step {
        void run(Bundle bundle) throws Exception;
    }

    private String state(String name, Step step) throws Exception {
        Bundle bundle = Arrays.stream(context.getBundles()).filter(b -> name.equals(b.getSymbolicName())).findFirst().orElseThrow();
        step.run(bundle);
        return switch (bundle.getState()) {
            case Bundle.ACTIVE -> "ACTIVE";
            case Bundle.RESOLVED -> "RESOLVED";
            case Bundle.INSTALLED -> "INSTALLED";
            case Bundle.UNINSTALLED -> "UNINSTALLED";
            default -> "state " + bundle.getState();
        };
    }

    /** The bundle's own class is none of this program's, so the service is asked by reflection. */
    private String status() throws ReflectiveOperationException {
        ServiceReference<?> reference = context.getServiceReference(GARRISON);
        if (reference == null) {
            return "no Garrison";
        }
        Object garrison = context.getService(reference);
        return garrison.getClass().getMethod("status").invoke(garrison).toString();
    }
}
