#ifndef POSTHORN_CCURL_SHIM_H
#define POSTHORN_CCURL_SHIM_H

#include <curl/curl.h>

#endif
