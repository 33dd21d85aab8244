#pragma once

#include "CKernelsExecution.h"
