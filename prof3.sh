mkdir -p /tmp/g /tmp/secret; cat > /tmp/g/g.conf <<X
garrison { mode = ENFORCE, plugins.file-guard.rules = [ { name = s, tree = /tmp/secret, operations = [ write ] } ], runtime { control-socket = /tmp/g/c.sock, bundles = [ file-guard ] } }
X
strace -f -ttt -T -e trace=bpf,execve -s 24 -o /tmp/g/st runtime/target/garrison/bin/garrison run --config /tmp/g/g.conf 2>/tmp/g/log &
P=$!
while ! grep -q "running: " /tmp/g/log; do sleep 0.5; kill -0 $P || break; done
cat /tmp/g/log; cp /tmp/g/st $LAB_SHARE/st
