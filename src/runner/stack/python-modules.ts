/** Modules that come with Python 3.12, and with the releases around it. */
export const PYTHON_STANDARD_MODULES: ReadonlySet<string> = new Set(
  `
  __future__ abc aifc argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect
  builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys
  compileall concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes curses dataclasses
  datetime dbm decimal difflib dis distutils doctest email encodings ensurepip enum errno faulthandler fcntl
  filecmp fileinput fnmatch fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib
  grp gzip hashlib heapq hmac html http imaplib imghdr imp importlib inspect io ipaddress itertools json
  keyword linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder msvcrt
  multiprocessing netrc nis nntplib ntpath nturl2path numbers opcode operator optparse os ossaudiodev
  pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint profile
  pstats pty pwd py_compile pyclbr pydoc pyexpat queue quopri random re readline reprlib resource
  rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr
  socket socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string stringprep
  struct subprocess sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap
  threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty types typing
  unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser winreg wsgiref xdrlib xml xmlrpc
  zipapp zipfile zipimport zlib zoneinfo
`
    .trim()
    .split(/\s+/),
);

/** Modules that engines bring along, or whose package has another name than they do. */
export const PYTHON_USUAL_MODULES: ReadonlySet<string> = new Set(
  `
  PIL accelerate aiohttp cuda cv2 cupy dateutil einops fastapi filelock flashinfer fsspec gguf google httpx
  huggingface_hub jinja2 llama_cpp markupsafe msgspec numba numpy openai orjson outlines packaging pandas pip
  pkg_resources prometheus_client psutil pybase64 pydantic pynvml regex requests safetensors scipy sentencepiece
  setuptools sklearn starlette tiktoken tokenizers torch torchvision tqdm transformers triton typing_extensions
  uvicorn uvloop vllm xformers xgrammar yaml zmq
`
    .trim()
    .split(/\s+/),
);
