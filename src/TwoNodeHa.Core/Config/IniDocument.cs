namespace TwoNodeHa.Core.Config;

/// <summary>One <c>key = value</c> line.</summary>
internal sealed record IniEntry(int Line, string Key, string Value);

/// <summary>One section: <c>[kind]</c> or <c>[kind name]</c>; the top of the file has an empty kind.</summary>
internal sealed class IniSection(int line, string kind, string name)
{
    private readonly Dictionary<string, IniEntry> _byKey = new(StringComparer.Ordinal);

    public int Line { get; } = line;

    public string Kind { get; } = kind;

    public string Name { get; } = name;

    public string Title { get; } = name.Length == 0 ? kind : kind + " " + name;

    /// <summary>Entries in the order of the file, without the repeated ones.</summary>
    public List<IniEntry> Entries { get; } = [];

    public string Path(string key) => Title.Length == 0 ? key : Title + "." + key;

    public IniEntry? Find(string key) => _byKey.GetValueOrDefault(key);

    /// <summary>False when the key is there already.</summary>
    public bool TryAdd(IniEntry entry)
    {
        if (!_byKey.TryAdd(entry.Key, entry))
        {
            return false;
        }

        Entries.Add(entry);
        return true;
    }
}

/// <summary>The lines of a configuration text as sections and entries. Knows syntax only, no key by name.</summary>
internal sealed class IniDocument
{
    /// <summary>Longest text read; a configuration is a few kilobytes.</summary>
    public const int CharactersMax = 256 * 1024;

    // The entries below a header that cannot be read are taken in and dropped: the header is the finding.
    private const string UnreadableKind = "?";

    private readonly FindingList _findings;
    private readonly Dictionary<string, IniSection> _byTitle = new(StringComparer.Ordinal);
    private IniSection _current = new(0, "", "");

    private IniDocument(FindingList findings)
    {
        _findings = findings;
        Sections = [_current];
    }

    /// <summary>Sections in the order of the file; the first is the top of the file.</summary>
    public List<IniSection> Sections { get; }

    public static IniDocument Read(string text, FindingList findings)
    {
        var document = new IniDocument(findings);
        if (Slips.Encoding(text) is { } encoding)
        {
            findings.Error(0, "", encoding);
            return document;
        }

        var number = 0;
        foreach (var line in text.TrimStart('\uFEFF').Split('\n'))
        {
            number++;
            document.ReadLine(number, WithoutComment(line).Trim().ToString());
        }

        return document;
    }

    public IniSection? Find(string title) => _byTitle.GetValueOrDefault(title);

    /// <summary>
    /// A comment starts at the start of a line or behind white space, so that a value may contain a <c>#</c>.
    /// </summary>
    private static ReadOnlySpan<char> WithoutComment(ReadOnlySpan<char> line)
    {
        for (var index = 0; index < line.Length; index++)
        {
            if (line[index] == '#' && (index == 0 || char.IsWhiteSpace(line[index - 1])))
            {
                return line[..index];
            }
        }

        return line;
    }

    private void ReadLine(int number, string line)
    {
        if (line.Length == 0)
        {
            return;
        }

        foreach (var character in line)
        {
            if (char.IsControl(character) && character != '\t')
            {
                _findings.Error(number, "", "the line contains a control character: write plain text (UTF-8)");
                return;
            }
        }

        if (line[0] == '[')
        {
            ReadSection(number, line);
        }
        else
        {
            ReadEntry(number, line);
        }
    }

    private void ReadSection(int number, string line)
    {
        if (line[^1] != ']')
        {
            _findings.Error(number, "", $"the section is not closed: write {line}]");
            _current = new IniSection(number, UnreadableKind, "");
            return;
        }

        var words = line[1..^1].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length is 0 or > 2)
        {
            _findings.Error(number, "", "a section has one word or two: write [timing] or [host alpha]");
            _current = new IniSection(number, UnreadableKind, "");
            return;
        }

        _current = new IniSection(number, words[0], words.Length == 2 ? words[1] : "");
        if (_byTitle.TryAdd(_current.Title, _current))
        {
            Sections.Add(_current);
            return;
        }

        var first = _byTitle[_current.Title];
        _findings.Error(
            number, _current.Title, $"[{_current.Title}] is there already in line {first.Line}: write its keys in "
                + "one section");

        // The keys that follow are read on into the first section, so that they are not lost for the other checks.
        _current = first;
    }

    private void ReadEntry(int number, string line)
    {
        var equals = line.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
        {
            _findings.Error(number, _current.Title, $"\"{Shortened(line)}\" is neither a section nor an entry: "
                + (Slips.Line(line) ?? "write key = value"));
            return;
        }

        var entry = new IniEntry(number, line[..equals].Trim(), line[(equals + 1)..].Trim());
        if (Slips.Value(entry.Value) is { } slip)
        {
            _findings.Error(number, _current.Path(entry.Key), slip);
            return;
        }

        if (!_current.TryAdd(entry))
        {
            var first = _current.Find(entry.Key)!;
            _findings.Error(
                number,
                _current.Path(entry.Key),
                $"written already in line {first.Line} (= {Shortened(first.Value)}): keep one of the two");
        }
    }

    private static string Shortened(string text) => text.Length <= 60 ? text : text[..57] + "...";
}
