"""What knows Flask: pages and their cache, forms, languages, refusals, headers, throttles."""
