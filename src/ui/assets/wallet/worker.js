// The wallet's service worker; served as /wallet/worker.js behind the list KEPT of files and their tags.
