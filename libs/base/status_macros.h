#pragma once

#include <absl/status/statusor.h>

#include <utility>

// Early return of a failed Status. MR_CO_* are the same inside a coroutine.
#define MR_CONCAT_INNER(a, b) a##b
#define MR_CONCAT(a, b) MR_CONCAT_INNER(a, b)

#define MR_RETURN_IF_ERROR(expression)                                            \
  do {                                                                            \
    if (absl::Status mr_status = (expression); !mr_status.ok()) return mr_status; \
  } while (false)

#define MR_ASSIGN_OR_RETURN(declaration, expression) \
  MR_ASSIGN_OR_RETURN_IMPL(MR_CONCAT(mr_result_, __LINE__), declaration, expression, return )

#define MR_CO_RETURN_IF_ERROR(expression)                                            \
  do {                                                                               \
    if (absl::Status mr_status = (expression); !mr_status.ok()) co_return mr_status; \
  } while (false)

#define MR_CO_ASSIGN_OR_RETURN(declaration, expression) \
  MR_ASSIGN_OR_RETURN_IMPL(MR_CONCAT(mr_result_, __LINE__), declaration, expression, co_return )

#define MR_ASSIGN_OR_RETURN_IMPL(result, declaration, expression, leave) \
  auto result = (expression);                                            \
  if (!result.ok()) leave std::move(result).status();                    \
  declaration = *std::move(result)
