java $LAB_JAVA --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -Dgarrison.kernel="$LAB_KERNEL" -Dgarrison.long=false -Dgarrison.home="$LAB_REPO/runtime/target/garrison" -cp "$(cat itests/target/guest.classpath)" org.junit.platform.console.ConsoleLauncher execute --select-method garrison.itests.framework.PinGuardTest#attacksOnPins_withTheGuard_fail --details=testfeed --disable-banner --disable-ansi-colors 2>&1 &
P=$!
for i in 1 2 3 4 5 6 7 8 9; do sleep 15; kill -0 $P || break; echo "== $i"; jstack $P | grep -A25 '"main"'; done
dmesg | tail -5
