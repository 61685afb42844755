message(FATAL_ERROR "cofutures has taken ${CMAKE_CURRENT_LIST_FILE}, a module of the project around it")
