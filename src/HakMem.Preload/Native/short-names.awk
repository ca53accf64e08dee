# What nm lists, to old and new names for objcopy: namespaces say where a method's source is, not what it is, and the one composition in the library is an argument of nearly each.
# With them, names would be a fifth of the file.
NF == 3 {
    short = $3
    gsub(/hakmem_preload_/, "", short)
    gsub(/HakMem_(Boxes|Preload)_/, "", short)
    gsub(/<PreloadAllocator_Config>/, "", short)
    if (short != $3 && !(short in taken)) print $3, short
    taken[short] = 1
}
