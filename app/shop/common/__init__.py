"""What both services share: settings, logs, middleware, health, the server. It knows neither products nor pages."""
