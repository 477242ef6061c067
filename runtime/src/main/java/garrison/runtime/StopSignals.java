// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import java.lang.reflect.Proxy;
import java.util.concurrent.CountDownLatch;

/**
 * SIGTERM and SIGINT ask the program to stop in good order, and to end with 0; SIGHUP to read its configuration again. The
 * Java platform's own answer to the first two would end with 143 and 130. Java has no public way to hear a signal: the one class
 * that can is reached by name.
 */
final class StopSignals {
    /** The longest a stop in good order may take, in seconds; then the process ends, and the kernel detaches what is left. */
    static final long LONGEST_STOP = 25;

    private final CountDownLatch asked = new CountDownLatch(1);

    /**
     * Takes the signals over.
     *
     * @param reload for SIGHUP; runs on a thread of its own
     */
    static StopSignals handle(Runnable reload) {
        StopSignals signals = new StopSignals();
        handle("TERM", signals::ask);
        handle("INT", signals::ask);
        handle("HUP", reload);
        return signals;
    }

    private static void handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            // A handler of MethodHandleProxies would cost a tenth of the whole start.
            Object answer = Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, (self, method, arguments) -> {
                if (method.getDeclaringClass() == handler) {
                    action.run();
                    return null;
                }
                return method.invoke(action, arguments); // equals, hashCode, toString
            });
            signal.getMethod("handle", signal, handler).invoke(null, signal.getConstructor(String.class).newInstance(name), answer);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("SIG" + name + " cannot be handled by this Java; is the module jdk.unsupported missing?", e);
        }
    }

    /** The first signal asks; a second one, or a stop that takes too long, ends the process at once. */
    private void ask() {
        if (asked.getCount() == 0) {
            end("asked twice to stop");
        }
        asked.countDown();
        Thread.ofPlatform().name("garrison-stop-limit").daemon().start(() -> {
            try {
                Thread.sleep(LONGEST_STOP * 1000);
                end("not stopped after " + LONGEST_STOP + " s");
            } catch (InterruptedException e) {
                end("interrupted while stopping");
            }
        });
    }

    private static void end(String why) {
        System.err.println("garrison: " + why + ", ending at once");
        Runtime.getRuntime().halt(ExitCode.FAILURE);
    }

    /** Waits until a stop is asked for. */
    void await() throws InterruptedException {
        asked.await();
    }
}
