"""What members of log records are called in the Elastic Common Schema (elastic.co/guide/en/ecs), by what loggers call them.

Names are compared without case. A name of `""` is left out: the message, which is stored anyway, and the time, which is
the record's own.
"""

from typing import Final

_NAMES: Final = {
    "": "msg message short_message full_message log @m @mt time ts timestamp @timestamp t @t asctime datetime eventtime "
    "fields.message _msg _time",
    "log.level": "level severity lvl levelname loglevel log_level severitytext severity_text level_name @l log.level",
    "log.logger": "logger logger_name loggername log.logger sourcecontext category",
    "log.origin.function": "func function funcname",
    "process.thread.name": "thread thread_name threadname",
    "process.pid": "pid process_id processid",
    "process.name": "process_name processname",
    "host.name": "hostname host",
    "error.message": "error err exception err.message error.message exception.message err.msg",
    "error.type": "err.type error.type exception.type error.class exception.class err.name error.name",
    "error.code": "err.code error.code",
    "error.stack_trace": "stack stacktrace stack_trace exc_info err.stack error.stack exception.stacktrace "
    "exception.stack_trace @x",
    "trace.id": "trace_id traceid trace-id trace.id dd.trace_id otel.trace_id logging.googleapis.com/trace x-b3-traceid "
    "context.trace_id @tr",
    "span.id": "span_id spanid span-id span.id dd.span_id otel.span_id logging.googleapis.com/spanid x-b3-spanid "
    "context.span_id @sp",
    "transaction.id": "transaction_id transactionid transaction.id",
    "service.name": "service service_name servicename dd.service service.name app",
    "service.version": "dd.version service_version service.version",
    "service.environment": "dd.env environment service.environment",
    "http.request.method": "method http_method req.method request.method http.method",
    "http.response.status_code": "status_code statuscode http_status res.statuscode response.status http.status_code "
    "http.status response.status_code",
    "http.request.id": "request_id requestid req_id reqid req.id x-request-id request-id",
    "url.path": "path req.path request.path http.path",
    "url.original": "url uri req.url request.url request_uri http.url",
    "user_agent.original": "user_agent useragent http_user_agent user-agent",
    "client.ip": "client_ip clientip remote_ip remoteip remote_addr remoteaddress req.remoteaddress",
    "user.id": "user_id userid",
    "user.name": "username user_name",
    "event.action": "action",
    "event.duration_ms": "duration_ms elapsed_ms responsetime latency_ms",
}
ECS: Final = {name: ecs for ecs, names in _NAMES.items() for name in names.split()}
"""name in lower case -> name in ECS, '' to leave it out"""
