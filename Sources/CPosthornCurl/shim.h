#ifndef POSTHORN_CCURL_SHIM_H
#define POSTHORN_CCURL_SHIM_H

#include <curl/curl.h>

/* libcurl's setters and getters are variadic macros, which Swift cannot call: one typed function for each kind of value. */

static inline CURLcode posthorn_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode posthorn_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode posthorn_curl_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode posthorn_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode posthorn_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode posthorn_curl_set_blob(CURL *handle, CURLoption option, struct curl_blob *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode posthorn_curl_set_url(CURL *handle, CURLU *value) {
    return curl_easy_setopt(handle, CURLOPT_CURLU, value);
}

static inline CURLcode posthorn_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode posthorn_curl_get_size(CURL *handle, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode posthorn_curl_get_pointer(CURL *handle, CURLINFO info, void **value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode posthorn_curl_get_socket(CURL *handle, curl_socket_t *value) {
    return curl_easy_getinfo(handle, CURLINFO_ACTIVESOCKET, value);
}

static inline CURLcode posthorn_curl_set_progress(CURL *handle, curl_xferinfo_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, callback);
}

/* Data callbacks: CURLOPT_WRITEFUNCTION, CURLOPT_HEADERFUNCTION and CURLOPT_READFUNCTION share one signature. */
typedef size_t (*posthorn_curl_data_callback)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode posthorn_curl_set_data_callback(CURL *handle, CURLoption option, posthorn_curl_data_callback callback) {
    return curl_easy_setopt(handle, option, callback);
}

static inline CURLcode posthorn_curl_set_prereq(CURL *handle, curl_prereq_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, callback);
}

static inline CURLcode posthorn_curl_set_open_socket(CURL *handle, curl_opensocket_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, callback);
}

static inline CURLcode posthorn_curl_set_close_socket(CURL *handle, curl_closesocket_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, callback);
}

static inline CURLcode posthorn_curl_set_resolver_start(CURL *handle, curl_resolver_start_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_RESOLVER_START_FUNCTION, callback);
}

static inline CURLcode posthorn_curl_set_tls_context(CURL *handle, curl_ssl_ctx_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, callback);
}

static inline CURLMcode posthorn_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode posthorn_curl_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode posthorn_curl_multi_set_socket_callback(CURLM *multi, curl_socket_callback callback) {
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
}

static inline CURLMcode posthorn_curl_multi_set_timer_callback(CURLM *multi, curl_multi_timer_callback callback) {
    return curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, callback);
}

/* CURLMsg holds its result in a union, which the importer shows without a name that says which member counts. */
static inline CURLcode posthorn_curl_message_result(const CURLMsg *message) {
    return message->data.result;
}

/* Macros with casts, which the importer leaves out. */
static const long posthorn_curl_global_default = CURL_GLOBAL_DEFAULT;
static const long posthorn_curl_tls_1_2 = CURL_SSLVERSION_TLSv1_2;
static const long posthorn_curl_http_1_1 = CURL_HTTP_VERSION_1_1;
static const int posthorn_curl_readable = CURL_CSELECT_IN;
static const int posthorn_curl_writable = CURL_CSELECT_OUT;
static const int posthorn_curl_pause_receiving = CURLPAUSE_RECV;
static const int posthorn_curl_pause_nothing = CURLPAUSE_CONT;

/* CURLVERSION_NOW is a macro over an enumerator, which the importer leaves out. */
static inline const curl_version_info_data *posthorn_curl_version_info(void) {
    return curl_version_info(CURLVERSION_NOW);
}

#endif
