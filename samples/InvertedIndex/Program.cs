using System;
using InvertedIndexSample.Commands;

return IndexCommandLine.Run(args, Console.Out, Console.Error);
