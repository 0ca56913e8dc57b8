#!/bin/bash
# capture_loggers.sh DIR: what loggers of Python, Node.js, Go, Rust and Java print at each level, into DIR/loggers-<language>.txt.
# A message begins with Z and the level it was logged with (ZD debug, ZI info, ZW warning, ZE error, ZC critical), so that
# labels are what the program asked for, and not what somebody reads. Packages come from the languages' own registries.
set -eu
O=$(realpath "$1"); W=$(mktemp -d); cd "$W"; mkdir -p py node go rust/src java/src/main/java
cat > py/gen.py <<'EOF'
import sys, logging, importlib
M={"debug":"ZD 0 errors in cache","info":"ZI error page rendered, errors=0","warning":"ZW info kept","error":"ZE warn failed","critical":"ZC debug lost"}
def emit(l, names=("debug","info","warning","error","critical")):
    for k in names:
        try: getattr(l,k)(M[k])
        except AttributeError: pass
def std(handler_or_fmt, name="shop.errors"):
    h=handler_or_fmt
    if isinstance(h,logging.Formatter): f=h; h=logging.StreamHandler(sys.stdout); h.setFormatter(f)
    l=logging.getLogger(name); l.handlers[:]=[h]; l.propagate=False; l.setLevel(1); emit(l)
def section(n): print("@@"+n,flush=True)
def tryit(n,f):
    section(n)
    try: f()
    except Exception as e: print("@!",n,repr(e)[:150],file=sys.stderr)
    sys.stdout.flush()
def loguru_():
    import loguru; l=loguru.logger; l.remove(); l.add(sys.stdout,level=0,colorize=False); emit(l); l.remove(); l.add(sys.stdout,level=0,colorize=True); emit(l); l.remove(); l.add(sys.stdout,level=0,serialize=True); emit(l)
def structlog_():
    import structlog
    emit(structlog.get_logger())
    structlog.configure(processors=[structlog.processors.add_log_level,structlog.processors.TimeStamper(fmt="iso"),structlog.dev.ConsoleRenderer(colors=False)]); emit(structlog.get_logger("a"))
    structlog.configure(processors=[structlog.processors.add_log_level,structlog.processors.TimeStamper(fmt="iso"),structlog.processors.JSONRenderer()]); emit(structlog.get_logger("a"))
    structlog.configure(processors=[structlog.processors.add_log_level,structlog.processors.LogfmtRenderer()]); emit(structlog.get_logger("a"))
    structlog.configure(processors=[structlog.processors.add_log_level,structlog.processors.KeyValueRenderer()]); emit(structlog.get_logger("a"))
def coloredlogs_():
    import coloredlogs; l=logging.getLogger("cl"); coloredlogs.install(level=1,logger=l,stream=sys.stdout,isatty=True); l.propagate=False; emit(l)
    l=logging.getLogger("cl2"); coloredlogs.install(level=1,logger=l,stream=sys.stdout,isatty=False); l.propagate=False; emit(l)
def rich_():
    from rich.logging import RichHandler; from rich.console import Console
    std(RichHandler(console=Console(file=sys.stdout,width=120)))
def jsonl_():
    from pythonjsonlogger import jsonlogger
    std(jsonlogger.JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s")); std(jsonlogger.JsonFormatter("%(levelno)s %(message)s %(asctime)s"))
def ecs_():
    import ecs_logging; std(ecs_logging.StdlibFormatter())
def logbook_():
    import logbook; logbook.StreamHandler(sys.stdout,level="DEBUG").push_application(); emit(logbook.Logger("Shop"))
def absl_():
    from absl import logging as a; a.set_verbosity(a.DEBUG); a.use_absl_handler(); a.get_absl_handler().python_handler.stream=sys.stdout; emit(a,("debug","info","warning","error"))
def twisted_():
    from twisted.logger import Logger, textFileLogObserver, jsonFileLogObserver
    for o in (textFileLogObserver(sys.stdout),): emit(Logger("shop.err",observer=o))
    from twisted.logger import eventAsText
def tornado_():
    from tornado.log import LogFormatter; std(LogFormatter(color=False)); std(LogFormatter(color=True))
def uvicorn_():
    from uvicorn.logging import DefaultFormatter; std(DefaultFormatter("%(levelprefix)s %(message)s",use_colors=False)); std(DefaultFormatter("%(levelprefix)s %(message)s",use_colors=True))
def gunicorn_():
    from gunicorn.glogging import Logger; from gunicorn.config import Config
    c=Config(); c.set("errorlog","-"); c.set("loglevel","debug"); g=Logger(c); g.error_log.handlers[0].stream=sys.stdout; emit(g)
def celery_():
    from celery.app import defaults
    from celery.utils.log import ColorFormatter
    for f in ("[%(asctime)s: %(levelname)s/%(processName)s] %(message)s","[%(asctime)s: %(levelname)s/%(processName)s] task[1]: %(message)s"): std(ColorFormatter(f,use_color=True)); std(ColorFormatter(f,use_color=False))
def scrapy_(): std(logging.Formatter("%(asctime)s [%(name)s] %(levelname)s: %(message)s","%Y-%m-%d %H:%M:%S"))
def sanic_():
    from sanic.log import logger, LOGGING_CONFIG_DEFAULTS; import logging.config; logging.config.dictConfig(LOGGING_CONFIG_DEFAULTS); logger.setLevel(1); emit(logger)
def verbose_():
    import verboselogs; verboselogs.install(); std(logging.Formatter("%(asctime)s %(hostname)s %(name)s[%(process)d] %(levelname)s %(message)s".replace("%(hostname)s","web-1")))
def daiquiri_():
    import daiquiri; daiquiri.setup(level=1,outputs=(daiquiri.output.Stream(sys.stdout),)); emit(daiquiri.getLogger("shop"))
def clicklog_():
    import click_log; l=logging.getLogger("ck"); click_log.basic_config(l); l.setLevel(1); emit(l)
def logfmter_():
    from logfmter import Logfmter; std(Logfmter()); std(Logfmter(keys=["at","when","logger"],mapping={"at":"levelname","when":"asctime","logger":"name"}))
def colorlog_():
    import colorlog; h=colorlog.StreamHandler(sys.stdout); h.setFormatter(colorlog.ColoredFormatter("%(log_color)s%(levelname)-8s%(reset)s %(blue)s%(message)s")); std(h); h.setFormatter(colorlog.ColoredFormatter()); std(h)
def oslo_():
    std(logging.Formatter("%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [-] %(message)s","%Y-%m-%d %H:%M:%S"))
def misc_():
    for f in ("%(levelname)s [%(name)s] %(message)s","%(asctime)s [%(threadName)-12.12s] [%(levelname)-5.5s]  %(message)s","[%(levelname)s/%(processName)s] %(message)s","%(asctime)s,%(levelname)s,%(name)s,%(message)s","%(asctime)s\t%(levelname)s\t%(name)s\t%(message)s","%(levelname)s:%(asctime)s:%(name)s:%(message)s","%(name)-12s: %(levelname)-8s %(message)s","%(asctime)s %(name)-12s %(levelname)-8s %(message)s","%(asctime)s - %(filename)s:%(lineno)d - %(levelname)s - %(message)s","[%(asctime)s] p%(process)s {%(pathname)s:%(lineno)d} %(levelname)s - %(message)s","%(levelname)s - %(asctime)s - %(name)s - %(message)s","%(asctime)s | %(levelname)-8s | %(module)s:%(funcName)s:%(lineno)d - %(message)s","{%(asctime)s} [%(levelname)s] %(message)s","%(levelname).4s %(message)s","(%(levelname)s) %(message)s","<%(levelname)s> %(asctime)s %(message)s","%(created)f %(levelname)s %(message)s","%(asctime)s:%(levelname)s:%(message)s","%(process)d-%(levelname)s-%(message)s","%(levelname)-10s%(message)s","%(asctime)s.%(msecs)03d %(levelname)-7s [%(threadName)s] %(message)s","%(asctime)s %(funcName)s %(levelname)s %(message)s","level=%(levelname)s ts=%(asctime)s msg=\"%(message)s\"","%(relativeCreated)6d %(threadName)s %(levelname)s %(message)s","%(asctime)s %(levelname)s\n    %(message)s"[:31]): std(logging.Formatter(f))
for n,f in list(globals().items()):
    if n.endswith("_") and callable(f) and not n.startswith("__"): tryit(n[:-1],f)
EOF
cat > node/gen.js <<'EOF'
const M={debug:"ZD 0 errors in cache",info:"ZI error page rendered, errors=0",warn:"ZW info kept",error:"ZE warn failed",fatal:"ZC debug lost"};
const L=[]; const W=process.stdout;
function emit(l,names){ for(const k of names||["debug","info","warn","error","fatal"]) if(typeof l[k]==="function") l[k](M[k]); }
async function t(n,f){ console.log("@@"+n); try{ await f(); }catch(e){ console.error("@!",n,String(e).slice(0,150)); } await new Promise(r=>setTimeout(r,300)); }
(async()=>{
await t("pino",()=>{ const p=require("pino"); emit(p({level:"trace"},p.destination({sync:true}))); });
await t("pino-labels",()=>{ const p=require("pino"); emit(p({level:"trace",formatters:{level:l=>({level:l})},timestamp:p.stdTimeFunctions.isoTime},p.destination({sync:true}))); });
await t("pino-pretty",()=>{ const p=require("pino"); const pp=require("pino-pretty"); emit(p({level:"trace"},pp({colorize:false,sync:true}))); emit(p({level:"trace"},pp({colorize:true,sync:true}))); emit(p({level:"trace"},pp({singleLine:true,translateTime:"SYS:standard",sync:true})));});
await t("winston",()=>{ const w=require("winston"); const f=w.format; for(const fm of [f.simple(),f.json(),f.cli(),f.combine(f.timestamp(),f.printf(i=>`${i.timestamp} ${i.level}: ${i.message}`)),f.combine(f.timestamp(),f.printf(i=>`${i.timestamp} [${i.level}] ${i.message}`)),f.combine(f.timestamp(),f.printf(i=>`[${i.timestamp}] ${i.level.toUpperCase()} ${i.message}`)),f.combine(f.colorize(),f.simple()),f.combine(f.label({label:"shop"}),f.timestamp(),f.printf(i=>`${i.timestamp} [${i.label}] ${i.level}: ${i.message}`)),f.logstash(),f.combine(f.timestamp(),f.splat(),f.json())]) emit(w.createLogger({level:"silly",format:fm,transports:[new w.transports.Console()]}),["debug","info","warn","error"]); });
await t("bunyan",()=>{ emit(require("bunyan").createLogger({name:"shop",level:"trace"})); });
await t("log4js",()=>{ const l=require("log4js"); for(const ly of [{type:"basic"},{type:"coloured"},{type:"messagePassThrough"},{type:"pattern",pattern:"%d{ISO8601} [%p] %c - %m"},{type:"pattern",pattern:"%r %p %c %m"}]){ if(ly.type=="messagePassThrough") continue; l.configure({appenders:{o:{type:"stdout",layout:ly}},categories:{default:{appenders:["o"],level:"trace"}}}); emit(l.getLogger("shop")); }});
await t("consola",()=>{ const c=require("consola"); emit((c.createConsola||c.create)({level:5,fancy:false,stdout:W,stderr:W})); emit((c.createConsola||c.create)({level:5,fancy:true,stdout:W,stderr:W,formatOptions:{colors:false}})); });
await t("signale",()=>{ const {Signale}=require("signale"); emit(new Signale({stream:W,logLevel:"info"})); });
await t("tslog",()=>{ const {Logger}=require("tslog"); emit(new Logger({type:"pretty",stylePrettyLogs:false})); emit(new Logger({type:"json"})); });
await t("npmlog",()=>{ const n=require("npmlog"); n.stream=W; n.level="silly"; n.verbose("shop",M.debug); n.info("shop",M.info); n.warn("shop",M.warn); n.error("shop",M.error); n.heading="shop"; n.error("x",M.error); n.warn("x",M.warn); });
await t("loglevel",()=>{ const l=require("loglevel"); require("loglevel-plugin-prefix").reg(l); require("loglevel-plugin-prefix").apply(l); l.setLevel("trace"); emit(l,["info","warn","error"]); });
await t("nest",()=>{ require("reflect-metadata"); const {ConsoleLogger}=require("@nestjs/common"); const l=new ConsoleLogger("Shop"); l.debug(M.debug); l.verbose(M.debug); l.log(M.info); l.warn(M.warn); l.error(M.error); l.fatal&&l.fatal(M.fatal); });
await t("electron-log",()=>{ const l=require("electron-log/node"); l.transports.file.level=false; emit(l,["debug","info","warn","error"]); });
await t("roarr",()=>{ process.env.ROARR_LOG="true"; const {Roarr}=require("roarr"); emit(Roarr); });
await t("lambda-log",()=>{ const l=require("lambda-log"); l.options.debug=true; emit(l,["debug","info","warn","error"]); });
})();
EOF
cat > go/go.mod <<'EOF'
module gen
go 1.22
EOF
cat > go/main.go <<'EOF'
package main
import (
 "fmt"; "os"; "time"; "log/slog"; "errors"
 "go.uber.org/zap"
 "github.com/rs/zerolog"
 "github.com/sirupsen/logrus"
 "github.com/hashicorp/go-hclog"
 charm "github.com/charmbracelet/log"
 apex "github.com/apex/log"; apextext "github.com/apex/log/handlers/text"; apexcli "github.com/apex/log/handlers/cli"; apexlf "github.com/apex/log/handlers/logfmt"; apexjson "github.com/apex/log/handlers/json"
 log15 "github.com/inconshreveable/log15"
 gokit "github.com/go-kit/log"; "github.com/go-kit/log/level"
 "github.com/golang/glog"
 "k8s.io/klog/v2"
 "flag"
 phuslu "github.com/phuslu/log"
)
const D,I,W,E,C = "ZD 0 errors in cache","ZI error page rendered","ZW info kept","ZE warn failed","ZC debug lost"
func sec(s string){ fmt.Println("@@"+s) }
func main(){
 err := errors.New("info")
 flag.Set("logtostderr","true"); 
 for _,cfg := range []zap.Config{zap.NewDevelopmentConfig(), zap.NewProductionConfig()} { sec("zap"); cfg.OutputPaths=[]string{"stdout"}; cfg.DisableStacktrace=true; cfg.Level=zap.NewAtomicLevelAt(zap.DebugLevel); l,_ := cfg.Build(); l.Debug(D); l.Info(I,zap.Int("errors",0)); l.Warn(W); l.Error(E,zap.Error(err)); l.Named("shop").Error(E); func(){ defer func(){recover()}(); l.Panic(C) }(); l.Sync() }
 { sec("zap-console"); ec:=zap.NewProductionEncoderConfig(); cfg:=zap.NewProductionConfig(); cfg.EncoderConfig=ec; cfg.Encoding="console"; cfg.OutputPaths=[]string{"stdout"}; cfg.DisableStacktrace=true; l,_:=cfg.Build(); l.Info(I); l.Warn(W); l.Error(E) }
 sec("zerolog"); z := zerolog.New(os.Stdout).With().Timestamp().Logger(); z.Debug().Msg(D); z.Info().Int("errors",0).Msg(I); z.Warn().Msg(W); z.Error().Err(err).Msg(E); z.WithLevel(zerolog.FatalLevel).Msg(C); z.WithLevel(zerolog.TraceLevel).Msg(D)
 for _,nc := range []bool{true,false} { zc := zerolog.New(zerolog.ConsoleWriter{Out:os.Stdout,NoColor:nc,TimeFormat:time.RFC3339}).With().Timestamp().Caller().Logger(); zc.Debug().Msg(D); zc.Info().Msg(I); zc.Warn().Msg(W); zc.Error().Err(err).Msg(E); zc.WithLevel(zerolog.FatalLevel).Msg(C); zk := zerolog.New(zerolog.ConsoleWriter{Out:os.Stdout,NoColor:nc}).With().Timestamp().Logger(); zk.Info().Msg(I); zk.Error().Msg(E)}
 sec("logrus"); lr := logrus.New(); lr.Out=os.Stdout; lr.Level=logrus.TraceLevel
 for _,f := range []logrus.Formatter{&logrus.TextFormatter{DisableColors:true},&logrus.TextFormatter{ForceColors:true},&logrus.TextFormatter{ForceColors:true,FullTimestamp:true},&logrus.JSONFormatter{}} { lr.Formatter=f; lr.Debug(D); lr.Trace(D); lr.WithField("errors",0).Info(I); lr.Warn(W); lr.WithError(err).Error(E); func(){defer func(){recover()}(); lr.Panic(C)}() }
 sec("slog"); for _,h := range []slog.Handler{slog.NewTextHandler(os.Stdout,&slog.HandlerOptions{Level:slog.LevelDebug,AddSource:true}),slog.NewJSONHandler(os.Stdout,&slog.HandlerOptions{Level:slog.LevelDebug})} { l:=slog.New(h).With("a","error"); l.Debug(D); l.Info(I,"err",nil); l.Warn(W); l.Error(E,"err",err) }
 sec("hclog"); for _,j := range []bool{false,true} { l:=hclog.New(&hclog.LoggerOptions{Name:"shop.err",Level:hclog.Trace,Output:os.Stdout,JSONFormat:j}); l.Trace(D); l.Debug(D); l.Info(I,"error",nil); l.Warn(W); l.Error(E,"error",err) }
 sec("charm"); for _,f := range []charm.Formatter{charm.TextFormatter,charm.JSONFormatter,charm.LogfmtFormatter} { for _,ts := range []bool{true,false} { l:=charm.NewWithOptions(os.Stdout,charm.Options{ReportTimestamp:ts,Level:charm.DebugLevel,Formatter:f,Prefix:"shop"}); l.Debug(D); l.Info(I,"err",nil); l.Warn(W); l.Error(E,"err",err); l2:=charm.NewWithOptions(os.Stdout,charm.Options{ReportTimestamp:ts,ReportCaller:true,Formatter:f}); l2.Info(I); l2.Error(E) } }
 sec("apex"); for _,h := range []apex.Handler{apextext.New(os.Stdout),apexcli.New(os.Stdout),apexlf.New(os.Stdout),apexjson.New(os.Stdout)} { apex.SetHandler(h); apex.SetLevel(apex.DebugLevel); apex.Debug(D); apex.WithField("errors",0).Info(I); apex.Warn(W); apex.WithError(err).Error(E) }
 sec("log15"); for _,f := range []log15.Format{log15.TerminalFormat(),log15.LogfmtFormat(),log15.JsonFormat()} { l:=log15.New("a","error"); l.SetHandler(log15.StreamHandler(os.Stdout,f)); l.Debug(D); l.Info(I); l.Warn(W); l.Error(E,"err",err); l.Crit(C) }
 sec("gokit"); gl := gokit.With(gokit.NewLogfmtLogger(os.Stdout),"ts",gokit.DefaultTimestampUTC,"caller",gokit.DefaultCaller); level.Debug(gl).Log("msg",D); level.Info(gl).Log("msg",I,"err",nil); level.Warn(gl).Log("msg",W); level.Error(gl).Log("msg",E,"err",err); gj:=gokit.NewJSONLogger(os.Stdout); level.Info(gj).Log("msg",I); level.Error(gj).Log("msg",E)
 sec("phuslu"); pl := phuslu.Logger{Level:phuslu.TraceLevel,Writer:&phuslu.ConsoleWriter{Writer:os.Stdout}}; pl.Debug().Msg(D); pl.Info().Msg(I); pl.Warn().Msg(W); pl.Error().Msg(E); pl.Writer=&phuslu.ConsoleWriter{Writer:os.Stdout,ColorOutput:true}; pl.Info().Msg(I); pl.Error().Msg(E); pl.Writer=phuslu.IOWriter{Writer:os.Stdout}; pl.Info().Msg(I); pl.Error().Msg(E)
 os.Stderr = os.Stdout
 sec("glog"); glog.Info(I); glog.Warning(W); glog.Error(E)
 sec("klog"); klog.Info(I); klog.Warning(W); klog.Error(E); klog.InfoS(I,"err",nil); klog.ErrorS(err,E)
}
EOF
cat > rust/Cargo.toml <<'EOF'
[package]
name="gen"
version="0.1.0"
edition="2021"
[dependencies]
log="0.4"
env_logger="0.11"
tracing="0.1"
tracing-subscriber={version="0.3",features=["json","env-filter"]}
simple_logger="5"
fern="0.6"
flexi_logger="0.29"
stderrlog="0.6"
simplelog="0.12"
pretty_env_logger="0.5"
EOF
cat > rust/src/main.rs <<'EOF'
use log::{debug,error,info,warn,trace};
fn emit(){ trace!("ZD 0 errors in cache"); debug!("ZD 0 errors in cache"); info!("ZI error page rendered, errors=0"); warn!("ZW info kept"); error!("ZE warn failed"); }
fn temit(){ tracing::trace!("ZD 0 errors in cache"); tracing::debug!("ZD 0 errors in cache"); tracing::info!(errors=0,"ZI error page rendered"); tracing::warn!("ZW info kept"); let _s=tracing::info_span!("req",id=3).entered(); tracing::error!(err="info","ZE warn failed"); }
fn main(){ let a=std::env::args().nth(1).unwrap(); println!("@@{}",a); let l=tracing::Level::TRACE;
 match a.as_str(){
 "env_logger"=>{env_logger::builder().filter_level(log::LevelFilter::Trace).target(env_logger::Target::Stdout).init();emit()}
 "env_logger_c"=>{env_logger::builder().filter_level(log::LevelFilter::Trace).write_style(env_logger::WriteStyle::Always).target(env_logger::Target::Stdout).init();emit()}
 "pretty_env_logger"=>{std::env::set_var("RUST_LOG","trace");pretty_env_logger::init();emit()}
 "t_full"=>{tracing_subscriber::fmt().with_max_level(l).with_ansi(false).init();temit()}
 "t_ansi"=>{tracing_subscriber::fmt().with_max_level(l).with_ansi(true).init();temit()}
 "t_compact"=>{tracing_subscriber::fmt().compact().with_max_level(l).with_ansi(false).with_thread_ids(true).with_file(true).with_line_number(true).init();temit()}
 "t_json"=>{tracing_subscriber::fmt().json().with_max_level(l).init();temit()}
 "t_notime"=>{tracing_subscriber::fmt().with_max_level(l).without_time().with_ansi(false).init();temit()}
 "simple_logger"=>{simple_logger::SimpleLogger::new().init().unwrap();emit()}
 "fern"=>{fern::Dispatch::new().format(|o,m,r|o.finish(format_args!("[{} {} {}] {}","2026-11-24T10:15:03Z",r.level(),r.target(),m))).level(log::LevelFilter::Trace).chain(std::io::stdout()).apply().unwrap();emit()}
 "flexi"=>{let _h=flexi_logger::Logger::try_with_str("trace").unwrap().log_to_stdout().start().unwrap();emit()}
 "flexi_d"=>{let _h=flexi_logger::Logger::try_with_str("trace").unwrap().format(flexi_logger::detailed_format).log_to_stdout().start().unwrap();emit()}
 "flexi_o"=>{let _h=flexi_logger::Logger::try_with_str("trace").unwrap().format(flexi_logger::opt_format).log_to_stdout().start().unwrap();emit()}
 "stderrlog"=>{stderrlog::new().verbosity(5).timestamp(stderrlog::Timestamp::Second).init().unwrap();emit()}
 "simplelog"=>{simplelog::SimpleLogger::init(log::LevelFilter::Trace,simplelog::Config::default()).unwrap();emit()}
 "termlog"=>{simplelog::TermLogger::init(log::LevelFilter::Trace,simplelog::Config::default(),simplelog::TerminalMode::Stdout,simplelog::ColorChoice::Always).unwrap();emit()}
 _=>{} } }
EOF
cat > java/pom.xml <<'EOF'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>gen</artifactId><version>1</version><properties><maven.compiler.source>17</maven.compiler.source><maven.compiler.target>17</maven.compiler.target></properties><dependencies>
<dependency><groupId>ch.qos.logback</groupId><artifactId>logback-classic</artifactId><version>1.5.6</version></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>2.23.1</version></dependency>
<dependency><groupId>org.tinylog</groupId><artifactId>tinylog-impl</artifactId><version>2.7.0</version></dependency><dependency><groupId>org.tinylog</groupId><artifactId>tinylog-api</artifactId><version>2.7.0</version></dependency>
<dependency><groupId>net.logstash.logback</groupId><artifactId>logstash-logback-encoder</artifactId><version>7.4</version></dependency>
<dependency><groupId>com.fasterxml.jackson.core</groupId><artifactId>jackson-databind</artifactId><version>2.17.0</version></dependency>
</dependencies></project>
EOF
cat > java/src/main/java/Gen.java <<'EOF'
import java.util.logging.*;
public class Gen {
 static final String D="ZD 0 errors in cache",I="ZI error page rendered",W="ZW info kept",E="ZE warn failed",C="ZC debug lost";
 public static void main(String[] a) throws Exception {
  System.out.println("@@jul"); 
  for (String f : new String[]{"%1$tY-%1$tm-%1$td %1$tH:%1$tM:%1$tS %4$-7s [%3$s] %5$s%n","[%1$tc] %4$s: %5$s%n","%4$s: %5$s [%1$tc]%n","%1$tF %1$tT.%1$tL %4$s %2$s - %5$s%n","[%4$-7s] %5$s%n"}) {
   final String ff=f; ConsoleHandler h=new ConsoleHandler(){ { setOutputStream(System.out); } }; h.setLevel(Level.ALL);
   h.setFormatter(new Formatter(){ public String format(LogRecord r){ return String.format(ff,new java.util.Date(r.getMillis()),r.getSourceClassName(),r.getLoggerName(),r.getLevel().getName(),r.getMessage(),""); }});
   Logger l=Logger.getLogger("shop.err"+f.hashCode()); l.setUseParentHandlers(false); l.addHandler(h); l.setLevel(Level.ALL); l.fine(D); l.finest(D); l.info(I); l.config("ZI error page rendered"); l.warning(W); l.severe(C); h.flush(); }
  System.out.println("@@logback"); var ctx=(ch.qos.logback.classic.LoggerContext)org.slf4j.LoggerFactory.getILoggerFactory();
  for (String p : new String[]{"%d{HH:mm:ss.SSS} [%thread] %-5level %logger{36} -%kvp- %msg%n","%d %p %c{1.} [%t] %m%n","%-4relative [%thread] %-5level %logger{35} - %msg%n","%d{yyyy-MM-dd HH:mm:ss} %-5level %logger{36} - %msg%n","[%level] %d{ISO8601} %logger - %msg%n","%date{ISO8601} level=%level logger=%logger msg=\"%msg\"%n","%highlight(%-5level) %cyan(%logger) %msg%n","%d|%level|%thread|%msg%n","%d{dd-MM-yyyy HH:mm:ss.SSS} %magenta([%thread]) %highlight(%-5level) %logger.%M - %msg%n","%contextName %d %level %msg%n","%d{yyyyMMdd HHmmss} %.-1level %logger{0}: %msg%n","%level{3} %msg%n","%d{HH:mm:ss.SSS} %5p [%X{traceId:-},%X{spanId:-}] %c : %m%n"}) emit(ctx,p);
  var enc=new net.logstash.logback.encoder.LogstashEncoder(); enc.setContext(ctx); enc.start(); run(ctx,enc);
  System.out.println("@@log4j2"); for (String p : new String[]{"%d{HH:mm:ss.SSS} [%t] %-5level %logger{36} - %msg%n","%d %-5p [%t] %C{2} (%F:%L) - %m%n","%r [%t] %-5p %c %x - %m%n","%p [%d] (%t) %c: %m%n","%d{ISO8601}{UTC}Z %p %c{2} %m%n","%highlight{%p} %m%n","[%d] %p %m (%c)%n","%d{DEFAULT} | %-5.5p | %-16.16t | %-32.32c{1} | %m%n","%5p | %d | %F | %L | %m%n","%d{UNIX_MILLIS} %p %m%n","%c{1} - %m [%p]%n","%level %logger{1.} - %msg%n","%pid %d %p %m%n"}) {
   var b=org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilderFactory.newConfigurationBuilder(); b.setStatusLevel(org.apache.logging.log4j.Level.OFF); var ap=b.newAppender("o","CONSOLE").addAttribute("target","SYSTEM_OUT").add(b.newLayout("PatternLayout").addAttribute("pattern",p).addAttribute("disableAnsi","false")); b.add(ap); b.add(b.newRootLogger(org.apache.logging.log4j.Level.ALL).add(b.newAppenderRef("o")));
   var c=org.apache.logging.log4j.core.config.Configurator.initialize(b.build()); org.apache.logging.log4j.core.config.Configurator.reconfigure(b.build()); var l=org.apache.logging.log4j.LogManager.getLogger("shop.orders.Err"); l.debug(D); l.trace(D); l.info(I); l.warn(W); l.error(E); l.fatal(C); }
  System.out.println("@@tinylog"); org.tinylog.Logger.debug(D); org.tinylog.Logger.info(I); org.tinylog.Logger.warn(W); org.tinylog.Logger.error(E);
 }
 static void emit(ch.qos.logback.classic.LoggerContext ctx,String p){ var e=new ch.qos.logback.classic.encoder.PatternLayoutEncoder(); e.setContext(ctx); e.setPattern(p); e.start(); run(ctx,e); }
 static void run(ch.qos.logback.classic.LoggerContext ctx, ch.qos.logback.core.encoder.Encoder<ch.qos.logback.classic.spi.ILoggingEvent> e){ var ap=new ch.qos.logback.core.ConsoleAppender<ch.qos.logback.classic.spi.ILoggingEvent>(); ap.setContext(ctx); ap.setEncoder(e); ap.start(); var r=ctx.getLogger("ROOT"); r.detachAndStopAllAppenders(); r.addAppender(ap); r.setLevel(ch.qos.logback.classic.Level.ALL); var l=ctx.getLogger("shop.orders.Err"); l.debug(D); l.trace(D); l.info(I); l.warn(W); l.error(E); }
}
EOF
(cd py; python3 -m venv v; v/bin/pip install -q loguru structlog coloredlogs rich python-json-logger ecs-logging logbook absl-py twisted tornado uvicorn gunicorn celery sanic verboselogs daiquiri click-log logfmter colorlog; v/bin/python gen.py >"$O/loggers-python.txt")
(cd node; echo '{"name":"x","version":"1.0.0"}' >package.json; npm i --no-audit --no-fund pino pino-pretty winston bunyan log4js consola signale tslog@4 npmlog loglevel loglevel-plugin-prefix reflect-metadata rxjs @nestjs/common@10 electron-log roarr lambda-log; node gen.js >"$O/loggers-node.txt")
(cd go; go mod tidy; go run . >"$O/loggers-go.txt")
(cd rust; cargo build -q; for a in env_logger env_logger_c pretty_env_logger t_full t_ansi t_compact t_json t_notime simple_logger fern flexi flexi_d flexi_o stderrlog simplelog termlog; do timeout 5 target/debug/gen $a; done >"$O/loggers-rust.txt" 2>&1)
(cd java; mvn -q -B compile dependency:build-classpath -Dmdep.outputFile=cp.txt; java -cp "target/classes:$(cat cp.txt)" Gen >"$O/loggers-java.txt")
