"""The web page's files, served by `runtime_api.resources.page` as they are: HTML, CSS and ES modules, no build step."""
