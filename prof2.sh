mkdir -p /tmp/g /tmp/secret; cat > /tmp/g/g.conf <<X
garrison { mode = ENFORCE, plugins.file-guard.rules = [ { name = s, tree = /tmp/secret, operations = [ write ] } ], runtime { control-socket = /tmp/g/c.sock, bundles = [ file-guard ] } }
X
cat /proc/uptime
perf record -F 99 -a -e cpu-clock -o /tmp/p.data -- sleep 200 >/dev/null 2>&1 & PP=$!
runtime/target/garrison/bin/garrison run --config /tmp/g/g.conf 2>/tmp/g/log &
P=$!
while ! grep -q "running: " /tmp/g/log; do sleep 0.3; cat /proc/uptime | cut -d' ' -f1 > /tmp/g/up; kill -0 $P || break; done
cat /proc/uptime; cat /tmp/g/log; cat /proc/$P/stat | awk '{print "utime",$14,"stime",$15}'
for t in /proc/$P/task/*; do echo "$(cat $t/comm) $(awk '{print $(NF-38), $(NF-37)}' $t/stat)"; done | sort -k2 -n | tail -12
kill -INT $PP; sleep 3
perf report -i /tmp/p.data --sort comm,dso --stdio 2>/dev/null | grep -v "^#" | head -24
perf report -i /tmp/p.data --comm java --sort dso,symbol --stdio 2>/dev/null | grep -v "^#" | head -50
