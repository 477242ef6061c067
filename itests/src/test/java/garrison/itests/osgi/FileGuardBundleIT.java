// SPDX-License-Identifier: Apache-2.0
package garrison.itests.osgi;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;
import static org.ops4j.pax.exam.CoreOptions.bundle;
import static org.ops4j.pax.exam.CoreOptions.frameworkProperty;
import static org.ops4j.pax.exam.CoreOptions.junitBundles;
import static org.ops4j.pax.exam.CoreOptions.options;
import static org.ops4j.pax.exam.CoreOptions.systemPackages;

import garrison.framework.Garrison;
import garrison.framework.Status;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.TestBundle;
import garrison.itests.attack.Attack;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Outcome;
import garrison.itests.attack.Scene;
import garrison.spi.Mode;
import garrison.spi.PluginState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import javax.inject.Inject;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;

/** Ready bundles in a host's own OSGi framework: installed, started, updated, stopped, uninstalled while another runs. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class FileGuardBundleIT {
    /** Known to the configuration and to the test in the framework, which share the JVM. */
    private static final String FOLDER = "garrison.itests.osgi.folder";

    @Inject
    private BundleContext context;

    @Inject
    private Garrison garrison;

    /** Called by Pax Exam outside the framework. */
    @Configuration
    public Option[] configuration() throws IOException {
        Path folder = Guest.scratch("osgi");
        System.setProperty(FOLDER, folder.toString());
        Scene scene = Scene.make(folder.resolve("scene"));
        Path config = Files.writeString(folder.resolve("garrison.conf"), new Policy(Mode.ENFORCE)
                .rule("secrets", Attack.Rule.TREE, scene.guarded(), Operation.WRITE).text());
        Path neighbour = TestBundle.write(folder.resolve("neighbour.jar"), "neighbour", TestBundle.object("observer"));
        return options(
                frameworkProperty("garrison.config").value(config.toString()),
                // slf4j's own bundle wants a service loader mediator; the host shares its own, at both versions asked for.
                systemPackages("org.slf4j;version=\"1.7.36\"", "org.slf4j;version=\"2.0.17\""),
                built("config"), built("garrison-spi"), built("garrison-framework"), built("garrison-file-guard"),
                bundle(neighbour.toUri().toString()), junitBundles());
    }

    private static Option built(String name) {
        return bundle("reference:" + Guest.built("bundles/" + name + ".jar").toUri());
    }

    private static Path file() {
        return Path.of(System.getProperty(FOLDER)).resolve("scene/above/guarded/file");
    }

    private static Outcome write() {
        return new AttackProgram(Guest.built("attack")).run("open-write", file().toString());
    }

    private Bundle bundleOf(String symbolicName) {
        return Arrays.stream(context.getBundles()).filter(b -> symbolicName.equals(b.getSymbolicName())).findAny()
                .orElseThrow(() -> new AssertionError("no bundle " + symbolicName));
    }

    private Optional<PluginState> state(String plugin) {
        return garrison.status().plugins().stream().filter(p -> p.name().equals(plugin)).map(Status.PluginStatus::state).findAny();
    }

    /** One life, since the steps build on each other. */
    @Test
    public void bundle_throughItsWholeLife_guardsWhileItIsActiveAndHurtsNoOther() throws BundleException {
        Bundle guard = bundleOf("garrison-file-guard");
        assertEquals(garrison.status().toString(), Optional.of(PluginState.ACTIVE), state("file-guard"));
        assertTrue("started: denied", write().denied());

        guard.update();
        assertEquals(Bundle.ACTIVE, guard.getState());
        assertTrue("updated: denied", write().denied());

        guard.stop();
        assertTrue("just stopped: the next version may be on its way", write().denied());
        Guest.await("its time is up", () -> state("file-guard").isEmpty());
        assertFalse("stopped: let through", write().denied());
        assertEquals(Optional.of(PluginState.ACTIVE), state("neighbour"));

        guard.start();
        assertTrue("started again: denied", write().denied());

        guard.uninstall();
        garrison.endLingering();
        assertFalse("uninstalled: let through", write().denied());
        assertEquals(Optional.of(PluginState.ACTIVE), state("neighbour"));
    }
}
