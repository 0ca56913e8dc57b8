#!/bin/bash
# capture.sh DIR: what programs print on their standard streams, as it is, into DIR/<program>.txt.
# Programs that are not installed leave their shell's complaint. Servers listen on the loopback only, for seconds.
# BIN: a folder with usr/bin and usr/sbin of packages that were unpacked and not installed; default: the system.
set +e
O=$(realpath "$1"); BIN=${BIN:-}; W=$(mktemp -d); KEEP=$HOME
mkdir -p "$O" "$W/home" "$W/np"; cd "$W" || exit 1
export HOME=$W/home LC_ALL=C.UTF-8 RUSTUP_HOME=${RUSTUP_HOME:-$KEEP/.rustup}
# python logging
cat > logs.py <<'P'
import logging, sys, json, asyncio
logging.raiseExceptions=True
def emit(log):
    log.debug("connection pool size=%d", 3); log.info("0 errors, 2 warnings in report"); log.warning("low space, info kept")
    log.error("could not load warning rules"); log.critical("error while saving, stopping")
for fmt in (None, "%(asctime)s %(levelname)s %(message)s", "%(asctime)s - %(name)s - %(levelname)s - %(message)s", "[%(asctime)s] [%(levelname)-8s] %(name)s: %(message)s", "%(levelname).1s %(asctime)s %(name)s: %(message)s", "%(asctime)s|%(levelname)s|%(process)d|%(message)s", "%(levelname)-8s %(name)s:%(filename)s:%(lineno)d %(message)s", "%(asctime)s %(process)d %(threadName)s %(levelname)s %(name)s %(message)s"):
    logging.basicConfig(level=logging.DEBUG, format=fmt, force=True) if fmt else logging.basicConfig(level=logging.DEBUG, force=True)
    emit(logging.getLogger("shop.errors"))
P
python3 logs.py >$O/python-logging.txt 2>&1
cat > warn.py <<'P'
import warnings
warnings.simplefilter("always")
warnings.warn("old error handler"); warnings.warn("will be gone", DeprecationWarning); warnings.warn("x", ResourceWarning)
open("warn.py")
print("no errors"); print("warnings: 0")
raise KeyError("fatal")
P
python3 -X dev warn.py >$O/python.txt 2>&1; python3 -c 'import nope' >>$O/python.txt 2>&1; python3 -c 'x is 1 if "a" is "b" else 0' >>$O/python.txt 2>&1; python3 -c 'import faulthandler,ctypes; faulthandler.enable(); ctypes.string_at(0)' >>$O/python.txt 2>&1; python3 -c 'def f(:' >>$O/python.txt 2>&1; python3 nofile.py >>$O/python.txt 2>&1
# gcc, ld, make
cat > a.c <<'P'
#include <stdio.h>
int error(int x) { unsigned y = 1; if (x < y) return z; }
int main() { char *s = 3; foo(); return "x"; }
P
gcc -Wall -Wextra a.c -o a >$O/gcc.txt 2>&1; echo '#include "nope.h"' > b.c; gcc b.c >>$O/gcc.txt 2>&1; gcc -Wnope-x a.c -fno-such >>$O/gcc.txt 2>&1; echo 'int main(){return undefined_f();}' > c.c; gcc -Wno-implicit c.c >>$O/gcc.txt 2>&1; gcc nofile.c >>$O/gcc.txt 2>&1
printf 'all: errors.o\n\techo building errors\n\tfalse\nerrors.o:\n\ttouch errors.o\n' > Makefile; make >$O/make.txt 2>&1; make nope >>$O/make.txt 2>&1; make -k -C . all >>$O/make.txt 2>&1; printf 'a:\nb\n' > bad.mk; make -f bad.mk >>$O/make.txt 2>&1; touch -d '+1 hour' Makefile; make >>$O/make.txt 2>&1
# go
mkdir -p g && cd g && cat > go.mod <<'P'
module g
go 1.22
P
cat > main.go <<'P'
package main
import ("log";"log/slog";"os";"errors";"fmt")
func main() {
 log.Println("error page served"); log.Printf("listening on %s", ":8080")
 l := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug}))
 j := slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug-4}))
 for _, x := range []*slog.Logger{l, j, slog.Default()} { x.Debug("fatal cache miss","error",nil); x.Info("0 errors","level","high"); x.Warn("slow", "err", errors.New("info")); x.Error("failed", "err", errors.New("x")) }
 j.Log(nil, slog.Level(2), "between"); j.Log(nil, slog.LevelDebug-4, "lower"); l.Log(nil, slog.LevelError+4, "higher")
 fmt.Println("errors: none")
 if len(os.Args)>1 { var m map[string]int; m["a"]=1 }
 log.Fatal("cannot go on")
}
P
go run . >$O/go.txt 2>&1; go run . x >>$O/go.txt 2>&1; echo 'package main; func main(){ x := 1; undefinedF() }' > bad.go; go build . >>$O/go.txt 2>&1; go build ./nope >>$O/go.txt 2>&1; go foo >>$O/go.txt 2>&1; go vet . >>$O/go.txt 2>&1; cd ..
# rust
cat > r.rs <<'P'
fn main() { let error = 1; let v: Vec<i32> = vec![]; println!("no warnings"); let r: Result<i32,String> = Err("info".into()); if std::env::args().count()>1 { r.unwrap(); } println!("{}", v[7]); }
P
rustc r.rs >$O/rustc.txt 2>&1; ./r >>$O/rustc.txt 2>&1; ./r x >>$O/rustc.txt 2>&1; echo 'fn main(){ let x: i32 = "a"; y; }' > r2.rs; rustc r2.rs >>$O/rustc.txt 2>&1; rustc --nope >>$O/rustc.txt 2>&1; rustc nofile.rs >>$O/rustc.txt 2>&1
# node npm
cat > n.js <<'P'
console.log("errors: 0"); console.error("Error pages updated"); console.warn("warning signs"); console.trace("here");
process.emitWarning("old", "DeprecationWarning", "DEP0999"); new Buffer(3); 
setTimeout(()=>{ null.x }, 10);
P
node n.js >$O/node.txt 2>&1; node -e 'Promise.reject(new Error("info"))' >>$O/node.txt 2>&1; node -e 'throw new RangeError("warn")' >>$O/node.txt 2>&1; node nofile.js >>$O/node.txt 2>&1; node -e 'let a = ;' >>$O/node.txt 2>&1; node --nope >>$O/node.txt 2>&1; node -e 'class OrderFailed extends Error{}; throw new OrderFailed("x")' >>$O/node.txt 2>&1; node -e 'require("fs").readFileSync("/nope")' >>$O/node.txt 2>&1;  node -e 'require("assert").strictEqual(1,2)' >>$O/node.txt 2>&1
mkdir -p np; cd np; echo '{"name":"x","version":"1.0.0","scripts":{"build":"exit 3"},"dependencies":{"nope-local":"file:./nope"}}' > package.json; npm run build >$O/npm.txt 2>&1; npm run nope >>$O/npm.txt 2>&1; npm ci --offline >>$O/npm.txt 2>&1; npm foo >>$O/npm.txt 2>&1; npm install --offline nope-pad >>$O/npm.txt 2>&1; npm config set foo bar >>$O/npm.txt 2>&1; npm --loglevel silly root >>$O/npm.txt 2>&1; npm ls --offline >>$O/npm.txt 2>&1; cd ..
# pip
python3 -m venv v >/dev/null 2>&1; v/bin/pip install --no-index nope-at-all >$O/pip.txt 2>&1; v/bin/pip install /nope.whl >>$O/pip.txt 2>&1; v/bin/pip install --no-index -r none.txt >>$O/pip.txt 2>&1; v/bin/pip uninstall -y nope >>$O/pip.txt 2>&1; v/bin/pip list --nope >>$O/pip.txt 2>&1; v/bin/pip show nope >>$O/pip.txt 2>&1; v/bin/pip list >>$O/pip.txt 2>&1
# java
cat > A.java <<'P'
import java.util.logging.*; import java.util.*;
public class A { public static void main(String[] a) throws Exception { Logger l = Logger.getLogger("shop.error"); l.setLevel(Level.ALL); for (Handler h: Logger.getLogger("").getHandlers()) h.setLevel(Level.ALL);
 l.fine("error cache"); l.config("warning set"); l.info("0 errors"); l.warning("info late"); l.severe("warn failed");
 System.out.println("errors=0"); List raw = new ArrayList(); raw.add("x"); l.log(Level.SEVERE, "failed", new IllegalStateException("info", new RuntimeException("cause"))); Thread t = new Thread(() -> { throw new IllegalArgumentException("t"); }); t.start(); t.join(); Object o = null; o.toString(); } }
P
javac -Xlint A.java >$O/java.txt 2>&1; java A >>$O/java.txt 2>&1; java -Djava.util.logging.SimpleFormatter.format='%1$tF %1$tT %4$s %3$s %5$s%n' A >>$O/java.txt 2>&1; java Nope >>$O/java.txt 2>&1; java -XX:+Nope A >>$O/java.txt 2>&1; java -Xlog:gc -Xmx16m -XX:+UseG1GC A >>$O/java.txt 2>&1; echo 'class B { int x = "a"; }' > B.java; javac B.java >>$O/java.txt 2>&1; java -Xmx1k A >>$O/java.txt 2>&1; java -XX:MaxPermSize=3m -XX:+UseConcMarkSweepGC A 2>&1 | head -3 >>$O/java.txt
# git
git init -q gi; cd gi; git checkout nope >$O/git.txt 2>&1; git commit -m x >>$O/git.txt 2>&1; git push origin main >>$O/git.txt 2>&1; git status >>$O/git.txt 2>&1; git foo >>$O/git.txt 2>&1; git log >>$O/git.txt 2>&1; echo a>error.txt; git add error.txt; git -c user.name=a -c user.email=b@c commit -m "fix error" >>$O/git.txt 2>&1; printf 'a\r\n' > w.txt; git -c core.autocrlf=input add w.txt >>$O/git.txt 2>&1; git merge nope >>$O/git.txt 2>&1; git rebase >>$O/git.txt 2>&1; git clone /nope/x >>$O/git.txt 2>&1; git init -q sub; (cd sub; git -c user.name=a -c user.email=b@c commit -q --allow-empty -m e); git add sub >>$O/git.txt 2>&1; git stash pop >>$O/git.txt 2>&1; git branch error; git checkout error >>$O/git.txt 2>&1; cd ..; git -C / status >>$O/git.txt 2>&1
# shells
printf 'foo_cmd\ncd /nope\necho ${U?must be set}\n' > s.sh; bash s.sh >$O/bash.txt 2>&1; bash -c 'set -u; echo $NOPE' >>$O/bash.txt 2>&1; bash -c 'if then' >>$O/bash.txt 2>&1; bash -c '[ a -eq b ]; ((1/0)); readonly x=1; x=2' >>$O/bash.txt 2>&1; bash -xc 'echo ERROR: no; [[ error == error ]]' >>$O/bash.txt 2>&1; LC_ALL=xx_YY bash -c 'true' >>$O/bash.txt 2>&1; bash -c 'kill -SEGV $$' >>$O/bash.txt 2>&1; bash -c 'sleep 1 & kill -9 $!; wait' >>$O/bash.txt 2>&1;  bash nofile.sh >>$O/bash.txt 2>&1; bash -c './s.sh' >>$O/bash.txt 2>&1
dash s.sh >$O/dash.txt 2>&1; dash -c 'set -u; echo $NOPE' >>$O/dash.txt 2>&1; dash -c 'if then' >>$O/dash.txt 2>&1; dash -c 'foo' >>$O/dash.txt 2>&1; dash -c 'cd /nope; [ a -eq b ]; . ./nope' >>$O/dash.txt 2>&1; dash nofile >>$O/dash.txt 2>&1; dash -c 'exec gone' >>$O/dash.txt 2>&1
# apt dpkg
apt-get install -y nope-pkg >$O/apt.txt 2>&1; apt-get foo >>$O/apt.txt 2>&1; dpkg -i nope.deb >>$O/apt.txt 2>&1; dpkg --nope >>$O/apt.txt 2>&1; apt list nope* >>$O/apt.txt 2>&1; dpkg-query -W nope >>$O/apt.txt 2>&1
mkdir -p crate1/src; cd crate1; printf '[package]\nname="crate1"\nversion="0.1.0"\nedition="2021"\n' > Cargo.toml
echo 'fn main(){ let warning = 1; }' > src/main.rs; cargo build --offline >$O/cargo.txt 2>&1; echo 'fn main(){ nope(); } #[test] fn error() { assert!(false) }' > src/main.rs; cargo build --offline >>$O/cargo.txt 2>&1;  echo 'fn main(){} #[test] fn error() { assert!(false) } #[test] fn warning(){}' > src/main.rs; cargo test --offline >>$O/cargo.txt 2>&1; cargo nope >>$O/cargo.txt 2>&1; (cd /; cargo build >>$O/cargo.txt 2>&1); cd ..
# redis
R=$BIN/usr/bin
timeout 3 $R/redis-server --port 17399 --loglevel debug --dir $W >$O/redis.txt 2>&1; $R/redis-server --nope x >>$O/redis.txt 2>&1; $R/redis-server /nope.conf >>$O/redis.txt 2>&1;  $R/redis-cli -p 1 ping >>$O/redis.txt 2>&1
# nginx
T="client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;"; mkdir -p ngx/t1 ngx/logs
cat > ngx/n.conf <<P
daemon off; pid $W/ngx/n.pid; error_log stderr info;
events {}
http { $T access_log /dev/stdout; server { listen 127.0.0.1:17380; root /nope; location /e { return 500; } location /f { error_page 404 /error.html; } location /p { proxy_pass http://127.0.0.1:1; } } }
P
(timeout 4 $BIN/usr/sbin/nginx -p $W/ngx -c $W/ngx/n.conf >$O/nginx.txt 2>&1 &) ; sleep 1; for u in error.html e f/warn p; do curl -s -o /dev/null http://127.0.0.1:17380/$u; done; sleep 4
echo 'events {} http { nope on; }' > ngx/b.conf; $BIN/usr/sbin/nginx -p $W/ngx -c $W/ngx/b.conf >>$O/nginx.txt 2>&1; $BIN/usr/sbin/nginx -z >>$O/nginx.txt 2>&1; $BIN/usr/sbin/nginx -p $W/ngx -c /nope.conf >>$O/nginx.txt 2>&1
echo "user nope; events {} http { $T server { listen 1.2.3.4:1; } }" > ngx/b.conf; $BIN/usr/sbin/nginx -p $W/ngx -e stderr -c $W/ngx/b.conf >>$O/nginx.txt 2>&1
# haproxy
printf 'global\n log stdout format raw local0 debug\n log stdout format rfc5424 local0 debug\ndefaults\n log global\n mode http\n option httplog\nfrontend fe\n bind 127.0.0.1:17381\n default_backend be\nbackend be\n server s1 127.0.0.1:1 check inter 300\n' > h.cfg
(timeout 4 $BIN/usr/sbin/haproxy -f h.cfg >$O/haproxy.txt 2>&1 &); sleep 2; curl -s -o /dev/null http://127.0.0.1:17381/error; sleep 3; printf 'nope\nfrontend x\n' > hb.cfg; $BIN/usr/sbin/haproxy -f hb.cfg -c >>$O/haproxy.txt 2>&1
# mosquitto
printf 'listener 17383 127.0.0.1\nallow_anonymous true\n' > m.conf; timeout 2 $BIN/usr/sbin/mosquitto -v -c m.conf >$O/mosquitto.txt 2>&1; printf 'listener 17383 10.99.99.99\nnope x\n' > mb.conf; $BIN/usr/sbin/mosquitto -c mb.conf >>$O/mosquitto.txt 2>&1;  printf 'listener 17383 10.99.99.99\n' > mb.conf; $BIN/usr/sbin/mosquitto -c mb.conf >>$O/mosquitto.txt 2>&1
# postgresql
chmod 755 $W; mkdir $W/pg; chown postgres $W/pg 2>/dev/null || chown nobody $W/pg; U=$(stat -c %U $W/pg); B=/usr/lib/postgresql/15/bin
S="setpriv --reuid=$U --regid=$(id -g $U) --clear-groups env HOME=$W/pg LC_ALL=C"
$S $B/initdb -D $W/pg/d >$W/pg/init.txt 2>&1
($S $B/postgres -D $W/pg/d -p 17382 -c unix_socket_directories=$W/pg -c listen_addresses= -c log_min_messages=info -c log_checkpoints=on -c log_min_duration_statement=0 -c log_error_verbosity=default >$O/postgres.txt 2>&1 & echo $! >$W/pg/pid); sleep 3
cat > $W/pg/q.sql <<'P'
select 1 as error; select * from nope; create table warnings(id int primary key, info text); insert into warnings values (1,'x'); insert into warnings values (1,'x');
do $$ begin raise notice 'error counted'; raise warning 'fatal soon'; raise info 'warn'; raise log 'panic button'; raise exception 'info missing'; end $$;
drop table if exists fatal; select 1/0; rollback;
P
$S psql -h $W/pg -p 17382 -d postgres -f $W/pg/q.sql >$O/psql.txt 2>&1; $S psql -h $W/pg -p 17382 -d nope >>$O/psql.txt 2>&1; $S psql -h $W/pg -p 1 >>$O/psql.txt 2>&1; $S psql -h $W/pg -p 17382 -d postgres -c 'select pg_terminate_backend(pg_backend_pid())' >>$O/psql.txt 2>&1; $S $B/pg_dump -h $W/pg -p 17382 nope >>$O/psql.txt 2>&1; $S $B/pg_ctl -D $W/pg/d -m immediate stop >/dev/null 2>&1; sleep 1; cat $W/pg/init.txt >> $O/postgres.txt; $S $B/postgres -D /nope >>$O/postgres.txt 2>&1
