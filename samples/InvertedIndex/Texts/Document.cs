namespace InvertedIndexSample.Texts;

/// <summary>A file's bytes, read once before anything is measured.</summary>
/// <param name="Path">The file.</param>
/// <param name="Bytes">Its contents, taken as UTF-8.</param>
internal sealed record Document(string Path, byte[] Bytes);
