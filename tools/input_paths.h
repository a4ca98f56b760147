// What a user names as input, as files: a folder is all files below it, a pattern is what matches it.
//
//   data          data/a.txt data/b/c.txt ...     in the order of their paths; names that begin with a dot
//                                                 are left out, links to folders are not followed
//   'data/*.gz'   data/a.gz data/b.gz ...         * ? and [...] as the shell does it, for a path that does
//                                                 not exist as it is written
//   a.txt  -      themselves
#pragma once

#include <string>
#include <vector>

namespace bytepiece::tools {

// Throws Error: a folder without a file, a pattern without a match, a folder that cannot be read.
std::vector<std::string> input_paths(const std::vector<std::string>& named);

}  // namespace bytepiece::tools
